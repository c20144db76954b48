import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { SharedBrokers } from './shared-brokers.ts'

const load = { connections: 3, lagMs: 20, ready: true }
const brokers = [
  { id: 1, http: 'h:1', peer: 'p:1', level: 0, alive: true, pid: 9, featureLevels: { lowest: 1, highest: 2 } },
  { id: 101, http: 'h:101', peer: '', level: 1, alive: true, pid: 0, rack: 'east', load, topics: ['t'] },
]

test('all clients of a second are told the same, without what is no business of theirs', async () => {
  const clock = new ManualClock()
  let asked = 0
  const describeCluster = async () => ({ clusterId: 'c', metadataLeader: ++asked, brokers })
  const shared = new SharedBrokers({ describeCluster }, clock)
  const told = await Promise.all([shared.get(), shared.get()])
  expect(told[0]).toEqual({
    clusterId: 'c',
    brokers: [
      { id: 1, http: 'h:1', level: 0, alive: true, rack: '', load: null, topics: [] },
      { id: 101, http: 'h:101', level: 1, alive: true, rack: 'east', load, topics: ['t'] },
    ],
  })
  expect(asked).toBe(1)
  await clock.advance(1_000)
  await shared.get()
  expect(asked).toBe(2)
})
