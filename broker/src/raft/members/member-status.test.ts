import { expect, test } from 'vitest'
import type { RaftState } from '../state.ts'
import { changeStatus } from './member-status.ts'

const three = { voters: [1, 2, 3], outgoing: [] as number[], learners: [] as number[] }
const four = { voters: [1, 2, 3, 4], outgoing: [], learners: [5], admissions: { 4: 9 } }
const target = { voters: [1, 2, 3, 4], learners: [5], admissions: { 4: 9 } }

function statusOf(given: { change?: object; configuration?: object; configurationIndex?: number }) {
  const { change = null, configuration = three, configurationIndex = 7 } = given
  return changeStatus({ membership: { change }, configuration, configurationIndex, commitIndex: 7 } as RaftState)
}

test('M62 a leader tells the stage of its change, its target, and the latest round among the replicas that it waits for', () => {
  const learning = [
    { isNew: true, round: 2 },
    { isNew: false, round: 5 },
    { isNew: false, round: 6, caughtUp: true },
  ]
  const change = { stage: 'staging', final: four, catchUp: { learning }, failure: null }
  expect(statusOf({ change })).toEqual({ stage: 'staging', target, round: 5 })
  expect(statusOf({ change: { ...change, catchUp: null } })).toEqual({ stage: 'staging', target, round: 0 })
  const failed = { ...change, stage: 'leaving', failure: 'broker 4 does not answer' }
  expect(statusOf({ change: failed })).toEqual({ stage: 'leaving', target, round: 5, reason: failed.failure })
})

test('M62 another replica tells it from the configuration that it has', () => {
  const { outgoing: _, ...here } = three
  expect(statusOf({ configuration: { ...four, outgoing: [1, 2] } })).toEqual({ stage: 'joint', target, round: 0 })
  expect(statusOf({ configurationIndex: 8 })).toEqual({ stage: 'leaving', target: here, round: 0 })
  expect(statusOf({ configurationIndex: 7 })).toEqual({ stage: 'stable', target: null, round: 0 })
})
