import { expect, test } from 'vitest'
import type { Members, TopicState } from '../api/answers.ts'
import { ledElsewhere, progressOfMove } from './moves.ts'

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
  const to = [1, 2, 3, 4, 5]
  expect(progressOfMove({ to, failed: null, members: { ...group, stage: 'staging', target: to, members } })).toEqual({
    isFailed: false,
    lines: [
      'new replicas catch up',
      'broker 3: 2.0 MB of 8.0 MB copied',
      'broker 4: 1,200 entries behind',
      'broker 5 does not answer',
    ],
    copied: 0.25,
  })
  const leaves = [{ ...member, broker: 4 }]
  const joint = { ...group, stage: 'joint', members: leaves }
  expect(progressOfMove({ to: [3], failed: null, members: joint }).lines).toEqual([
    'the old and the new majority are both needed',
  ])
})

test('a change that has failed says why, and one whose leader does not answer that', () => {
  expect(progressOfMove({ to: [3], failed: 'given up', members: null })).toEqual({
    isFailed: true,
    lines: ['given up'],
    copied: null,
  })
  expect(progressOfMove({ to: [3], failed: null, members: null })).toMatchObject({
    isFailed: false,
    lines: ['its leader does not answer'],
  })
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
