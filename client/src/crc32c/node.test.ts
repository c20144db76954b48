import { crc32c as portable } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { checksumWith, crc32c } from './node.ts'

it('sums any part of any part of memory as schemas does in JavaScript', () => {
  const memory = new Uint8Array(1000).map((_, at) => at * 31)
  for (const bytes of [memory, memory.subarray(100), memory.subarray(3, 500)]) {
    for (const [start, end] of [
      [0, 0],
      [0, bytes.length],
      [21, bytes.length - 1],
      [7, 8],
    ] as const) {
      expect(crc32c(bytes, start, end)).toBe(portable(bytes, start, end))
    }
  }
})

it('does it in JavaScript where there is no such file', () => {
  const alone = checksumWith(() => {
    throw new Error('Cannot find module')
  })
  expect(alone).toBe(portable)
  expect(crc32c).not.toBe(portable)
})
