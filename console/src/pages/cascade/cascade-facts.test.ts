import { expect, test } from 'vitest'
import { factsOf } from './cascade-facts.ts'

const quiet = {
  broker: 101,
  http: '',
  level: 1,
  home: 1,
  source: 1,
  pinned: 0,
  assigned: 1,
  lagRecords: 0,
  lagBytes: 0,
  lagMs: 0,
  partitions: 1,
  stopped: 0,
}

test('a cascade broker shows what has been told of its rack and load', () => {
  expect(factsOf({ ...quiet, rack: 'b', connections: 1234, sentBytesPerSecond: 2_500_000 })).toEqual([
    'rack b',
    '1,234 connections',
    'sends 2.5 MB/s',
  ])
  expect(factsOf({ ...quiet, connections: 1, sentBytesPerSecond: 0 })).toEqual(['1 connection', 'sends 0 B/s'])
  // An earlier version, and one that does not tell.
  expect([quiet, { ...quiet, rack: '', connections: -1, sentBytesPerSecond: -1 }].map(factsOf)).toEqual([[], []])
})
