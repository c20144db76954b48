import { expect, it } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { Gaps, gapToldMs } from './gaps.ts'

it('M88 gaps are told for an hour, over a restart too, and those of a deleted topic no more', async () => {
  const time = { at: 1_000 }
  const clock = { now: () => time.at }
  const store = new MemoryStore()
  const gaps = new Gaps(store, clock)
  await gaps.note('A', 0, 10, 15)
  await gaps.note('A', 1, 0, 1)
  await gaps.note('AB', 0, 7, 9)
  expect(gaps.counts).toEqual({ overtaken: 3, missedRecords: 8 })
  time.at += gapToldMs - 1
  await gaps.note('A', 0, 20, 120)
  expect(gaps.counts).toEqual({ overtaken: 3, missedRecords: 108 })
  await gaps.forget('A')

  const again = new Gaps(store, clock)
  await again.load()
  expect(again.counts).toEqual({ overtaken: 1, missedRecords: 2 })
  time.at += 1
  expect(again.counts).toEqual({ overtaken: 0, missedRecords: 0 })
  await again.note('AB', 0, 11, 14)
  expect(again.counts).toEqual({ overtaken: 1, missedRecords: 3 })
})
