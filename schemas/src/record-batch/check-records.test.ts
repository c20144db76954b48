import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../crc32c.ts'
import type { TailraceError } from '../tailrace-error.ts'
import { changedBatches, sealed } from '../testing/changed-batches.ts'
import { writeVarint, writeVarlong } from '../varint.ts'
import { checkBatch } from './check.ts'
import { checkRecords, MAX_TIMESTAMP, MIN_TIMESTAMP, maxDecompressedBytes, type RecordLimits } from './check-records.ts'
import * as layout from './layout.ts'
import { writeInt16, writeInt32, writeInt64 } from './numbers.ts'
import { type Decompressors, decodeBatch } from './read.ts'
import type { HeaderInput, RecordInput } from './record.ts'
import { BatchWriter } from './write.ts'

const anyTime = { oldestTimestamp: MIN_TIMESTAMP, newestTimestamp: MAX_TIMESTAMP }
const limits: RecordLimits = { maxDecompressedBytes: 100_000, ...anyTime }
const codecs: Decompressors = {
  [layout.Compression.gzip]: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
  [layout.Compression.zstd]: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
}

function refusal(
  batch: Uint8Array,
  of: Partial<RecordLimits> = {},
): Pick<TailraceError, 'code' | 'message'> | undefined {
  try {
    checkRecords(batch, codecs, { ...limits, ...of })
    return undefined
  } catch (error) {
    return error as TailraceError
  }
}

function batchOf(records: readonly RecordInput[], compression: number = layout.Compression.none): Uint8Array {
  const writer = new BatchWriter()
  for (const record of records) writer.append(record)
  const compress = compression === layout.Compression.gzip ? gzipSync : zstdCompressSync
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression, compress })
}

/** A batch of these encoded records, with a header that fits `count` and times. */
function batchWith(
  bodies: readonly number[][],
  { count = bodies.length, largest = 1000, tail = [] as number[] } = {},
): Uint8Array {
  const records: number[] = []
  for (const body of bodies) {
    const length = new Uint8Array(10)
    records.push(...length.subarray(0, writeVarint(length, 0, body.length)), ...body)
  }
  const batch = batchOf([{ timestamp: 1000, key: null, value: null }])
  const whole = Uint8Array.from([...batch.subarray(0, layout.RECORDS_AT), ...records, ...tail])
  writeInt32(whole, layout.BATCH_LENGTH_AT, whole.length - layout.LENGTH_PREFIX_BYTES)
  writeInt32(whole, layout.LAST_OFFSET_DELTA_AT, count - 1)
  writeInt32(whole, layout.RECORDS_COUNT_AT, count)
  writeInt64(whole, layout.MAX_TIMESTAMP_AT, largest)
  return sealed(whole)
}

const varlong = (value: number): number[] => {
  const bytes = new Uint8Array(10)
  return [...bytes.subarray(0, writeVarlong(bytes, 0, value))]
}

/** Fields of a record as bytes; key and value null, no headers. */
const record = ({ attributes = 0, time = [0], delta = [0], key = [1], value = [1], headers = [0] } = {}) => [
  attributes,
  ...time,
  ...delta,
  ...key,
  ...value,
  ...headers,
]

test('every batch that BatchWriter makes is taken', () => {
  const headers: HeaderInput[] = [
    ['name', 'value'],
    ['gr\u00fc\u00dfe', null],
    ['', new Uint8Array([0xff])],
  ]
  const records: RecordInput[] = [
    { timestamp: 0, key: null, value: null },
    { timestamp: 5_000_000, key: 'k'.repeat(200), value: new Uint8Array(20_000).fill(0xff), headers },
    { timestamp: -1, key: '', value: '' },
    { timestamp: MAX_TIMESTAMP, key: 'last', value: 'of all times' },
  ]
  while (records.length < 300) records.push({ timestamp: 7, key: null, value: `number ${records.length}` })
  for (const compression of [0, 1, 4]) expect(refusal(batchOf(records, compression))).toBeUndefined()
})

const small = record({ delta: [2] })
test.each<[string, RegExp, Uint8Array]>([
  ['garbage', /varint/, batchWith([], { count: 1, tail: new Array(20).fill(0xff) })],
  ['a length beyond the batch', /Record 0, length/, batchWith([], { count: 1, tail: [40, ...record(), 0, 0, 0] })],
  ['a length less than a record', /Record 0, length/, batchWith([], { count: 1, tail: [10, ...record(), 0] })],
  ['a length that leaves bytes over', /Record 0, length.*1 bytes too many/, batchWith([[...record(), 0]])],
  ['an attribute', /Record 0, attributes/, batchWith([record({ attributes: 1 })])],
  ['a first offsetDelta of 1', /Record 0, offsetDelta/, batchWith([small])],
  ['an offsetDelta twice', /Record 1, offsetDelta/, batchWith([record(), record()])],
  ['an offsetDelta that leaves one out', /Record 1, offsetDelta/, batchWith([record(), record({ delta: [4] })])],
  ['an offsetDelta beyond the batch', /Record 1, offsetDelta/, batchWith([record(), record({ delta: [0x80, 2] })])],
  ['a key length of -2', /Record 0, key/, batchWith([record({ key: [3] })])],
  ['a key beyond the record', /Record 0, key/, batchWith([record({ key: [20] })])],
  ['a value beyond the record', /Record 0, value/, batchWith([record({ value: [20, 0] })])],
  [
    'fields that leave no room',
    /Record 0, length/,
    batchWith([record({ key: [4], value: [0, 0], headers: [1] }).slice(0, 6)]),
  ],
  ['a negative number of headers', /Record 0, headers/, batchWith([record({ headers: [1] })])],
  ['more headers than bytes', /Record 0, headers/, batchWith([record({ headers: [4, 0, 0] })])],
  ['a header name of null', /Record 0, headers.*null/, batchWith([record({ headers: [2, 1, 0] })])],
  ['a header name beyond the record', /Record 0, headers/, batchWith([record({ headers: [2, 40, 0] })])],
  ['a header name that is not UTF-8', /Record 0, headers.*UTF-8/, batchWith([record({ headers: [2, 2, 0xff, 1] })])],
  ['a header value beyond the record', /Record 0, headers/, batchWith([record({ headers: [2, 0, 40] })])],
  ['a varint of six bytes', /varint/, batchWith([record({ value: [0x80, 0x80, 0x80, 0x80, 0x80, 0x00] })])],
  ['a varlong past 2^53', /varlong/, batchWith([record({ time: [...new Array(9).fill(0xff), 1] })])],
  ['a record less than is said', /recordsCount|length/, batchWith([record()], { count: 2, tail: [0] })],
  [
    'a record more than is said',
    /recordsCount: 7 bytes follow/,
    batchWith([record(), record({ delta: [2] })], { count: 1 }),
  ],
  ['a count that no batch has', /recordsCount/, batchWith([record()], { count: 2 ** 31 - 1 })],
  ['a maxTimestamp above the largest', /maxTimestamp/, batchWith([record()], { largest: 1001 })],
  ['a maxTimestamp below the largest', /maxTimestamp/, batchWith([record({ time: [4] })])],
  [
    'a time that no Date shows',
    /Record 0, timestampDelta/,
    batchWith([record({ time: varlong(9e15 - 1000) })], { largest: 9e15 }),
  ],
  [
    'a time long before all Dates',
    /Record 0, timestampDelta/,
    batchWith([record({ time: varlong(-9e15) })], { largest: 1000 - 9e15 }),
  ],
])('refused: %s', (_, message, batch) => {
  checkBatchSoFar(batch)
  const error = refusal(batch)
  expect(error?.code).toBe('INVALID_BATCH')
  expect(error?.message).toMatch(message)
})

/** The check of the header passes it, except for the count that no batch can have. */
function checkBatchSoFar(batch: Uint8Array): void {
  try {
    checkBatch(batch, crc32c, 1_000_000)
  } catch (error) {
    expect((error as Error).message).toMatch(/do not fit/)
  }
}

describe('compressed records', () => {
  const lie = (count: number, blob: Uint8Array, compression = 1) => {
    const batch = batchWith([], { count, tail: [...blob] })
    writeInt16(batch, layout.ATTRIBUTES_AT, compression)
    return sealed(batch)
  }

  test('a false count takes no offsets', () => {
    const one = Uint8Array.from([12, ...record()])
    expect(refusal(lie(1, gzipSync(one)))).toBeUndefined()
    for (const count of [2, 100, 2 ** 31 - 1])
      expect(refusal(lie(count, gzipSync(one)))?.message).toMatch(/recordsCount/)
  })

  test('garbage, a decompression bomb, and compression without a codec are refused', () => {
    expect(refusal(lie(1, Uint8Array.from([1, 2, 3])))?.code).toBe('INVALID_BATCH')
    expect(refusal(lie(1, gzipSync(new Uint8Array(200_000))))?.code).toBe('INVALID_BATCH')
    expect(refusal(lie(1, new Uint8Array(0)))?.code).toBe('INVALID_BATCH')
    for (const compression of [2, 3])
      expect(refusal(lie(1, new Uint8Array(9), compression))?.code).toBe('UNSUPPORTED_COMPRESSION')
  })

  test('a topic of large batches takes more', () => {
    expect(maxDecompressedBytes(1000)).toBe(4 * 1024 * 1024)
    expect(maxDecompressedBytes(61 + 10_000_000)).toBe(40_000_000)
  })
})

test('timestamps are taken up to the limits, and -1 is no time', () => {
  const at = (...timestamps: number[]) => batchOf(timestamps.map((timestamp) => ({ timestamp, key: null, value: 'v' })))
  const hours = { oldestTimestamp: 1_000_000, newestTimestamp: 2_000_000 }
  for (const good of [at(1_000_000), at(2_000_000), at(1_500_000, 1_000_000, 2_000_000), at(-1), at(1_500_000, -1)])
    expect(refusal(good, hours)).toBeUndefined()
  expect(refusal(at(1_500_000, 999_999), hours)).toMatchObject({
    code: 'INVALID_TIMESTAMP',
    message: expect.stringMatching(/Record 1 has 999999.*1 ms older.*timestampBeforeMaxMs/),
  })
  expect(refusal(at(2_000_100), hours)).toMatchObject({
    code: 'INVALID_TIMESTAMP',
    message: expect.stringMatching(/Record 0 has 2000100.*100 ms later.*timestampAfterMaxMs/),
  })
})

test('takes exactly the batches that a simple second implementation takes, out of changed batches with a right CRC', () => {
  let taken = 0
  for (const batch of changedBatches(4_000, 7, { 1: gzipSync, 4: zstdCompressSync })) {
    try {
      checkBatch(batch, crc32c, 1_000_000)
    } catch {
      continue
    }
    const isTaken = refusal(batch) === undefined
    if (isTaken) taken++
    if (isTaken !== isReadable(batch)) expect.fail(`taken: ${isTaken}, ${Buffer.from(batch).toString('hex')}`)
  }
  expect(taken).toBeGreaterThan(500)
})

/** By the readers' code, and by no other rule than those that it leaves open. */
function isReadable(batch: Uint8Array): boolean {
  try {
    const records = decodeBatch(batch, 0, codecs)
    const view = new DataView(batch.buffer, batch.byteOffset)
    const bytes =
      (batch[layout.ATTRIBUTES_AT + 1]! & 7) === 0
        ? batch.subarray(layout.RECORDS_AT)
        : codecs[batch[layout.ATTRIBUTES_AT + 1]! & 7]!(batch.subarray(layout.RECORDS_AT), limits.maxDecompressedBytes)
    const largest = Math.max(...records.map(({ timestamp }) => timestamp))
    return (
      records.every(({ offset }, at) => offset === records[0]!.offset + at) &&
      records[0]!.offset === Number(view.getBigInt64(layout.BASE_OFFSET_AT)) &&
      records.every(({ timestamp }) => Math.abs(timestamp) <= MAX_TIMESTAMP) &&
      largest === Number(view.getBigInt64(layout.MAX_TIMESTAMP_AT)) &&
      records.every(({ headers }) => headers.every(([name]) => !name.includes('\ufffd'))) &&
      hasNoAttributes(bytes, records.length)
    )
  } catch {
    return false
  }
}

function hasNoAttributes(bytes: Uint8Array, count: number): boolean {
  let at = 0
  for (let left = count; left > 0; left--) {
    let [length, shift] = [0, 0]
    for (; bytes[at]! >= 0x80; shift += 7) length |= (bytes[at++]! & 0x7f) << shift
    length |= bytes[at++]! << shift
    if (bytes[at] !== 0) return false
    at += length >>> 1
  }
  return true
}

test('numbers at the edges of one and two bytes are read as they are', () => {
  // As varints, 63 and -64 are the last of one byte; 64 begins with the byte 0x80, and -65 with 0x81.
  for (const edge of [62, 63, 64, 65, 127, 128]) {
    const records = Array.from({ length: edge + 2 }, (_, at) => ({ timestamp: 1000 + at, key: null, value: 'v' }))
    expect(refusal(batchOf(records))).toBeUndefined()
    for (const timestamp of [1000 + edge, 1000 - edge, 1000 - edge - 1]) {
      const pair = [1000, timestamp].map((time) => ({ timestamp: time, key: null, value: 'v' }))
      expect(refusal(batchOf(pair))).toBeUndefined()
    }
    for (const length of [edge - 7, edge - 6, edge - 5, edge]) {
      const key = 'k'.repeat(length)
      const sized = { timestamp: 1000, key, value: key, headers: [[key, new Uint8Array(length)] as const] }
      expect(refusal(batchOf([{ timestamp: 1000, key: null, value: key }, sized]))).toBeUndefined()
    }
  }
})
