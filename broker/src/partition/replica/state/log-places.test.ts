import { expect, test } from 'vitest'
import type { GroupLog } from '../../../log/log-storage.ts'
import { offsetAfter, termAt } from './log-places.ts'

/** Entries 4 to 9, of the terms 2 and 5; entry n ends at offset 10 n. Entry 8 is missing. */
const log = {
  group: 1,
  prevIndex: 3,
  prevTerm: 1,
  startOffset: 30,
  lastIndex: 9,
  terms: [
    { term: 2, index: 4, offset: 30 },
    { term: 5, index: 7, offset: 60 },
  ],
  readEntries: (index: number) => ({ headers: index === 8 ? [] : [{ index, lastOffset: 10 * index }], payloads: [] }),
} as unknown as GroupLog

test('the term of an entry is that of the run of entries that it belongs to, and -1 outside of the log', () => {
  expect([2, 3, 4, 6, 7, 9, 10].map((index) => termAt(log, index))).toEqual([-1, 1, 2, 2, 5, 5, -1])
  expect(termAt({ ...log, terms: [] } as unknown as GroupLog, 5)).toBe(-1)
})

test('the offset after an entry comes from its header, and is where the log begins for the one before its first', async () => {
  expect(await Promise.all([3, 4, 9].map((index) => offsetAfter(log, index)))).toEqual([30, 41, 91])
  await expect(offsetAfter(log, 8)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
})
