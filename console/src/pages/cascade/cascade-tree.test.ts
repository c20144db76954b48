import { expect, test } from 'vitest'
import type { CascadeBroker } from '../../api/answers.ts'
import { belowOf, rootsOf } from './cascade-tree.ts'

const copies = (broker: number, source: number): CascadeBroker => ({
  broker,
  http: '',
  level: 1,
  home: 0,
  source,
  pinned: 0,
  assigned: 0,
  lagRecords: 0,
  lagBytes: 0,
  lagMs: 0,
  partitions: 1,
  stopped: 0,
})
const shown = (levelZero: readonly number[], brokers: readonly CascadeBroker[]) => {
  const { unheard, loose } = rootsOf(levelZero, brokers)
  return [unheard, loose.map(({ broker }) => broker)]
}

test('each broker is below a root, also where its source is lost, unknown or below itself', () => {
  expect(shown([1, 2], [copies(101, 1), copies(201, 101)])).toEqual([[], []])
  expect(shown([1], [copies(101, 0), copies(201, 101)])).toEqual([[], [101]])
  expect(shown([1], [copies(201, 101), copies(301, 201)])).toEqual([[101], []])
  // The session may not describe the cluster.
  expect(shown([], [copies(101, 1), copies(201, 101)])).toEqual([[1], []])
  expect(shown([1], [copies(101, 201), copies(201, 101), copies(301, 201)])).toEqual([[], [101]])
})

test('all below a broker cannot be its source', () => {
  const brokers = [copies(101, 1), copies(201, 101), copies(301, 201), copies(102, 1)]
  expect(belowOf(101, brokers)).toEqual([201, 301])
  expect(belowOf(1, brokers)).toEqual([101, 201, 301, 102])
  expect(belowOf(1, [copies(1, 2), copies(2, 1)])).toEqual([2])
})
