import { type EntryHeader, EntryKind } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { Tail } from './tail.ts'
import { TailChunk } from './tail-chunk.ts'

const header = (index: number): EntryHeader => {
  return { index, term: 1, kind: EntryKind.Records, baseOffset: index - 1, lastOffset: index - 1, bytes: 100 }
}

/** Entries 1 to 6 of 100 bytes, two to a chunk. */
function sixEntries(): Tail {
  const tail = new Tail()
  for (const first of [1, 3, 5]) {
    const headers = [header(first), header(first + 1)]
    tail.push(new TailChunk(headers, [new Uint8Array(100), new Uint8Array(100)], [], [], tail, 0))
  }
  return tail
}

test.each([
  [1, 0, [1]],
  [1, 199, [1]],
  [1, 200, [1, 2]],
  [2, 200, [2, 3]],
  [2, 300, [2, 3, 4]],
  [6, 1000, [6]],
])('from %i on %i bytes hold entries and records alike, at least one', (from, maxBytes, expected) => {
  const tail = sixEntries()
  expect(tail.readEntries(from, maxBytes).headers.map(({ index }) => index)).toEqual(expected)
  const { batches, bytes, nextOffset } = tail.readRecords(from - 1, 6, maxBytes)
  expect([batches.length, bytes, nextOffset]).toEqual([expected.length, 100 * expected.length, expected.at(-1)])
})

test('records end before the limit, and entries where the tail was cut', () => {
  const tail = sixEntries()
  expect(tail.readRecords(1, 3, 1000)).toMatchObject({ bytes: 200, nextOffset: 3 })
  tail.cut(4)
  expect(tail.readEntries(1, 1000).headers.map(({ index }) => index)).toEqual([1, 2, 3])
  expect([tail.header(3)?.index, tail.header(4), tail.first?.index]).toEqual([3, undefined, 1])
})
