import { expect, test } from 'vitest'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { NO_TIME, SparseIndex } from './sparse-index.ts'

/** Places of entries 1, 11, 21, 31, and the youngest record before each. */
function indexOf(times: readonly number[]): SparseIndex {
  const index = new SparseIndex(nodeCrc32c)
  times.forEach((time, at) => {
    index.add(1 + 10 * at, 100 * at, 4096 * at, time)
  })
  return index
}

test('a search by time begins at the last place before which every record is older', () => {
  const index = indexOf([NO_TIME, 1000, 2000, 3000])
  const begins = (time: number) => index.byTime(time).index
  // Exactly as young as the youngest record before a place: that record is wanted.
  expect([1000, 2000, 3000].map(begins)).toEqual([1, 11, 21])
  expect([1001, 2001, 3001].map(begins)).toEqual([11, 21, 31])
  expect([0, 999, 1999, 2999].map(begins)).toEqual([1, 1, 11, 21])
})

test('also where the records before several places are equally young', () => {
  const index = indexOf([NO_TIME, 1000, 1000, 1000])
  expect([999, 1000, 1001].map((time) => index.byTime(time).index)).toEqual([1, 1, 31])
})

test('a search by offset begins at the last place that is below it: control entries share their offset with the next batch', () => {
  const index = indexOf([NO_TIME, 1, 2, 3])
  expect([0, 99, 100, 101, 300, 301].map((offset) => index.byOffset(offset).offset)).toEqual([0, 0, 0, 100, 200, 300])
})

test('a search by entry begins at the last place that is not after it', () => {
  const index = indexOf([NO_TIME, 1, 2, 3])
  expect([1, 10, 11, 12, 31, 99].map((entry) => index.byIndex(entry).index)).toEqual([1, 1, 11, 11, 31, 31])
  expect([1, 10, 11, 30, 31].map((entry) => index.lastBeforeNext(entry))).toEqual([10, 10, 20, 30, null])
})
