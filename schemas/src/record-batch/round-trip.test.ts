import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from '../crc32c.ts'
import { checkBatch } from './check.ts'
import { placeBatch, readBatchHeader } from './header.ts'
import { Compression } from './layout.ts'
import { type Decompressors, decodeBatch } from './read.ts'
import type { RecordInput } from './record.ts'
import { BatchWriter } from './write.ts'

const codecs: Decompressors = {
  [Compression.gzip]: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
  [Compression.zstd]: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
}
const compressors: Record<number, (bytes: Uint8Array) => Uint8Array> = {
  [Compression.gzip]: (bytes) => gzipSync(bytes),
  [Compression.zstd]: (bytes) => zstdCompressSync(bytes),
}

/** Short and long, ASCII and not, with the first other character anywhere. */
const string = fc.oneof(
  fc.string({ maxLength: 120 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .tuple(fc.nat(90), fc.constantFrom('é', '€', '🚆', '\u0000', '\u007f', '\u0080'))
    .map(([n, odd]) => 'a'.repeat(n) + odd + 'b'),
)
const field = fc.oneof(string, fc.uint8Array({ maxLength: 200 }), fc.constant(null))
const record: fc.Arbitrary<RecordInput> = fc.record(
  {
    timestamp: fc.oneof(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), fc.integer({ min: 1.7e12, max: 1.8e12 })),
    key: field,
    value: field,
    headers: fc.array(fc.tuple(string, field), { maxLength: 3 }),
  },
  { requiredKeys: ['timestamp', 'key', 'value'] },
)

const bytesOf = (given: string | Uint8Array | null) =>
  given === null
    ? null
    : Buffer.from(typeof given === 'string' ? new TextEncoder().encode(given) : given).toString('hex')

/** The record that should come back, in a form that compares well. */
const expected = (given: RecordInput, offset: number) => ({
  offset,
  timestamp: given.timestamp,
  key: bytesOf(given.key),
  value: bytesOf(given.value),
  headers: (given.headers ?? []).map(([name, value]) => [name, bytesOf(value)]),
})

test('appended records are read back, with any compression, out of any place, by a writer that is used again', () => {
  const writer = new BatchWriter(64)
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(Compression.none, Compression.gzip, Compression.zstd),
      fc.nat(20),
      (records, compression, at) => {
        writer.reset()
        for (const each of records) {
          const before = writer.estimatedBytes
          writer.append(each)
          expect(writer.estimatedBytes - before).toBeLessThanOrEqual(writer.sizeOf(each))
        }
        const options = {
          producerId: 5,
          producerEpoch: 1,
          baseSequence: 9,
          compression,
          compress: compressors[compression],
        }
        const batch = writer.finish(options)
        if (compression === Compression.none) expect(batch.length).toBe(writer.estimatedBytes)
        checkBatch(batch, crc32c, batch.length)
        placeBatch(batch, 0, 1000, 3)

        const surrounded = new Uint8Array(at + batch.length + 7).fill(0xff)
        surrounded.set(batch, at)
        const header = readBatchHeader(surrounded, at)
        expect(header).toMatchObject({
          recordsCount: records.length,
          lastOffset: 999 + records.length,
          compression,
          leaderEpoch: 3,
        })
        expect(header.baseTimestamp).toBe(records[0]!.timestamp)
        expect(header.maxTimestamp).toBe(Math.max(...records.map(({ timestamp }) => timestamp)))
        const decoded = decodeBatch(surrounded, at, codecs).map((each) => expected(each, each.offset))
        expect(decoded).toEqual(records.map((each, i) => expected(each, 1000 + i)))
      },
    ),
    { numRuns: 300 },
  )
})

test('records of one batch are views into it', () => {
  const writer = new BatchWriter()
  writer.append({ timestamp: 1, key: 'key', value: 'value' })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
  const [only] = decodeBatch(batch, 0, {})
  expect(only!.key!.buffer).toBe(batch.buffer)
  expect(only!.value!.buffer).toBe(batch.buffer)
})

test('a finished batch keeps its bytes when the writer goes on', () => {
  const writer = new BatchWriter()
  const options = { producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none }
  writer.append({ timestamp: 1, key: null, value: 'first' })
  const first = writer.finish(options)
  const copy = first.slice()
  writer.reset()
  expect([writer.count, writer.estimatedBytes]).toEqual([0, 61])
  expect(() => writer.finish(options)).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
  writer.append({ timestamp: 2, key: null, value: 'other' })
  writer.finish(options)
  expect(first).toEqual(copy)
})

test('a record that cannot be written leaves the batch as it was', () => {
  const writer = new BatchWriter()
  writer.append({ timestamp: 1, key: null, value: 'v' })
  const before = writer.finish({ producerId: 1, producerEpoch: 0, baseSequence: 0, compression: Compression.none })
  const wrong: unknown[] = [
    { timestamp: 1.5, key: null, value: null },
    { timestamp: NaN, key: null, value: null },
    { timestamp: Number.MIN_SAFE_INTEGER, key: null, value: null },
    { timestamp: 1, key: 7, value: null },
    { timestamp: 1, key: null, value: undefined },
    { timestamp: 1, key: null, value: {} },
    { timestamp: 1, key: null, value: 'v', headers: [[null, 'x']] },
    { timestamp: 1, key: null, value: 'v', headers: [['name', 5]] },
  ]
  for (const record of wrong) {
    expect(() => writer.append(record as RecordInput)).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }))
  }
  expect(writer.finish({ producerId: 1, producerEpoch: 0, baseSequence: 0, compression: Compression.none })).toEqual(
    before,
  )
})

test('without a codec a compressed batch is neither written nor read', () => {
  const writer = new BatchWriter()
  writer.append({ timestamp: 1, key: null, value: 'v' })
  const options = { producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.gzip }
  expect(() => writer.finish(options)).toThrow(/compressor for gzip/)
  const batch = writer.finish({ ...options, compress: compressors[Compression.gzip]! })
  expect(() => decodeBatch(batch, 0, {})).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_COMPRESSION' }))
})

test('of a long string sizeOf knows the bytes as UTF-8, lone surrogates included', () => {
  const writer = new BatchWriter()
  const empty = writer.sizeOf({ timestamp: 1, key: null, value: null })
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.array(fc.nat(0xffff), { maxLength: 20 }),
      (valid, units) => {
        for (const text of [valid, String.fromCharCode(...units)]) {
          const value = text + 'x'.repeat(1025)
          const bytes = new TextEncoder().encode(value).length
          expect(writer.sizeOf({ timestamp: 1, key: null, value })).toBe(empty + bytes)
        }
      },
    ),
  )
})
