import { gzipSync, zstdCompressSync } from 'node:zlib'
import { BatchWriter, Compression, placeBatch } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { firstOffsetAt } from './time-seek.ts'

const start = Date.UTC(2026, 0, 1)
const minute = 60_000
const codecs = { none: undefined, gzip: gzipSync, zstd: zstdCompressSync } as const

/** A hundred records, a minute apart, from offset 1,000 on. */
function batch(name: keyof typeof codecs, times = (n: number) => start + n * minute): Uint8Array {
  const writer = new BatchWriter()
  for (let n = 0; n < 100; n++) writer.append({ timestamp: times(n), key: null, value: `${n}` })
  const compress = codecs[name]
  const options = { producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression[name] }
  const bytes = writer.finish(compress === undefined ? options : { ...options, compress })
  placeBatch(bytes, 0, 1000, 1)
  return bytes
}

describe.each(['none', 'gzip', 'zstd'] as const)('a time within a batch, %s', (name) => {
  it.each([
    [start - 1, 1000],
    [start, 1000],
    [start + 1, 1001],
    [start + 60 * minute, 1060],
    [start + 99 * minute, 1099],
  ])('%i is at the first record at or after it', (time, offset) => {
    expect(firstOffsetAt(batch(name), 1000, time)).toBe(offset)
  })
})

it('records out of order of time: the first of them in the order of offsets', () => {
  const times = (n: number) => start + (n % 10) * minute
  expect(firstOffsetAt(batch('none', times), 1000, start + 5 * minute)).toBe(1005)
})

it('a batch that cannot be read is read from its start, and so is one that is gone', () => {
  const garbage = batch('gzip')
  garbage.fill(7, 70)
  expect(firstOffsetAt(garbage, 1000, start + minute)).toBe(1000)
  expect(firstOffsetAt(undefined, 1000, start)).toBe(1000)
})
