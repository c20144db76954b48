import { expect, test } from 'vitest'
import { termStartBatch } from './control.ts'
import { BATCH_LENGTH_AT } from './layout.ts'
import { writeInt32 } from './numbers.ts'
import { batchEnd, forEachBatch } from './split.ts'

const batch = termStartBatch({ term: 1, baseOffset: 0, timestamp: 0, leader: 1 })
const three = new Uint8Array(3 * batch.length)
for (let i = 0; i < 3; i++) three.set(batch, i * batch.length)

function walk(bytes: Uint8Array): number[][] {
  const seen: number[][] = []
  forEachBatch(bytes, (start, end) => seen.push([start, end]))
  return seen
}

test('batches that lie back to back are handed out one by one', () => {
  expect(walk(new Uint8Array(0))).toEqual([])
  expect(walk(three)).toEqual([
    [0, 81],
    [81, 162],
    [162, 243],
  ])
})

test('a batch that is not whole is refused, wherever it is cut', () => {
  for (let length = 163; length < 243; length++) expect(() => walk(three.subarray(0, length))).toThrow(/batchLength/)
})

test('a length that leads nowhere ends the walk instead of looping', () => {
  for (const length of [-12, -1000, 0, 48, 0x7fffffff]) {
    const wrong = three.slice()
    writeInt32(wrong, batch.length + BATCH_LENGTH_AT, length)
    expect(() => walk(wrong)).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
    expect(batchEnd(wrong, 0)).toBe(81)
  }
})
