import { expect, test } from 'vitest'
import type { CascadeBroker } from '../api/answers.ts'
import { cascadeProblems } from './cascade-health.ts'

const well: CascadeBroker = {
  broker: 101,
  http: 'h:1',
  level: 1,
  home: 1,
  source: 2,
  pinned: 0,
  assigned: 2,
  lagRecords: 7,
  lagBytes: 7,
  lagMs: 30_000,
  partitions: 3,
  stopped: 0,
}

test.each([
  [{}, []],
  [{ source: 0 }, [['warning', 'Cascade broker 101 has no source']]],
  [{ lagMs: 30_001 }, [['warning', 'Cascade broker 101 is behind']]],
  [{ stopped: 2 }, [['bad', 'Cascade broker 101 has stopped copying']]],
  [{ overtaken: 1, missedRecords: 5 }, [['warning', 'Cascade broker 101 has missed records']]],
])('%j', (change, expected) => {
  const problems = cascadeProblems([{ ...well, ...change }])
  expect(problems.map(({ severity, what }) => [severity, what])).toEqual(expected)
})

test('says by how much', () => {
  const faults = { lagMs: 45_000, stopped: 2, overtaken: 1, missedRecords: 5 }
  expect(cascadeProblems([{ ...well, ...faults }]).map(({ why }) => why)).toEqual([
    'For 45.0 s it has lacked records of broker 2, now 7.',
    'Batches of its source did not fit in 2 partitions.',
    'In the last hour its source had removed 5 records of 1 partition before they were copied.',
  ])
})
