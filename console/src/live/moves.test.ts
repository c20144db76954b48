import { expect, test } from 'vitest'
import type { Members, TopicState } from '../api/answers.ts'
import { ledElsewhere, moveOf } from './moves.ts'

const member = {
  role: 'learner',
  matchIndex: 1,
  nextIndex: 2,
  lag: 1200,
  state: 'replicate',
  inFlight: 0,
  active: true,
  caughtUp: false,
  copy: null,
} as const
const group: Members = {
  leader: 1,
  term: 1,
  stage: 'stable',
  voters: [1, 2],
  outgoing: [],
  learners: [],
  target: null,
  members: [],
  lastOutcome: null,
}

test('a change under way says what each new replica lacks', () => {
  const members = [
    { ...member, broker: 1, role: 'leader' },
    { ...member, broker: 2, caughtUp: true },
    { ...member, broker: 3, copy: { receivedBytes: 2e6, totalBytes: 8e6 } },
    { ...member, broker: 4 },
    { ...member, broker: 5, active: false },
  ]
  expect(moveOf({ ...group, stage: 'staging', target: [1, 2, 3, 4, 5], members })).toEqual({
    isFailed: false,
    from: [1, 2],
    to: [1, 2, 3, 4, 5],
    progress: [
      'new replicas catch up',
      'broker 3: 2.0 MB of 8.0 MB copied',
      'broker 4: 1,200 entries behind',
      'broker 5 does not answer',
    ],
    copied: 0.25,
  })
  expect(moveOf({ ...group, stage: 'joint', voters: [3], outgoing: [1, 2] })).toMatchObject({ from: [1, 2], to: [3] })
})

test('a change that has failed says why; one that is done is none', () => {
  expect(moveOf({ ...group, lastOutcome: { outcome: 'failed', reason: 'given up', target: [3] } })).toMatchObject({
    isFailed: true,
    to: [3],
    progress: ['given up'],
  })
  expect(moveOf(group)).toBeNull()
  expect(moveOf({ ...group, lastOutcome: { outcome: 'done', reason: '', target: [1, 2] } })).toBeNull()
})

test('leaders elsewhere are those whose preferred replica has caught up', () => {
  const partition = { term: 1, logStart: 0, highWatermark: 0, replicas: [1, 2], inSync: [1, 2] }
  const topic: TopicState = {
    name: 't',
    id: 't',
    config: {},
    partitions: [
      { ...partition, partition: 0, leader: 1 },
      { ...partition, partition: 1, leader: 2 },
      { ...partition, partition: 2, leader: 2, inSync: [2] },
      { ...partition, partition: 3, leader: 0 },
    ],
  }
  expect(ledElsewhere([topic])).toEqual([{ topic: 't', partition: 1, leader: 2, preferred: 1 }])
})
