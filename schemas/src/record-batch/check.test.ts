import { expect, test } from 'vitest'
import { crc32c } from '../crc32c.ts'
import type { TailraceError } from '../tailrace-error.ts'
import { checkBatch, verifyBatch } from './check.ts'
import * as layout from './layout.ts'
import { writeInt16, writeInt32, writeInt64 } from './numbers.ts'
import { BatchWriter } from './write.ts'

/** A sound batch of two records, after `change`, with its CRC made right again. */
function batchWith(change: (batch: Uint8Array) => void): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 1000, key: 'k', value: 'v0' })
  writer.append({ timestamp: 1001, key: 'k', value: 'v1' })
  const batch = writer.finish({
    producerId: 7,
    producerEpoch: 0,
    baseSequence: 0,
    compression: layout.Compression.none,
  })
  change(batch)
  writeInt32(batch, layout.CRC_AT, crc32c(batch, layout.ATTRIBUTES_AT, batch.length))
  return batch
}

function refusal(bytes: Uint8Array, maxBytes = 1000): TailraceError | undefined {
  try {
    checkBatch(bytes, crc32c, maxBytes)
    return undefined
  } catch (error) {
    return error as TailraceError
  }
}

test.each<[string, (batch: Uint8Array) => void]>([
  ['as it was written', () => {}],
  ['gzip', (batch) => writeInt16(batch, layout.ATTRIBUTES_AT, 1)],
  ['zstd', (batch) => writeInt16(batch, layout.ATTRIBUTES_AT, 4)],
  ['any baseOffset and leaderEpoch', (batch) => batch.fill(0xff, 0, 8).fill(0xff, 12, 16)],
  [
    'no producer id, but epoch and sequence 0, as kafkajs sends',
    (batch) => writeInt64(batch, layout.PRODUCER_ID_AT, -1),
  ],
  ['no producer id, with any epoch and sequence', (batch) => batch.fill(0xff, 43, 57)],
  ['timestamps of -1', (batch) => batch.fill(0xff, 27, 43)],
])('taken: %s', (_, change) => {
  expect(refusal(batchWith(change))).toBeUndefined()
})

test.each<[string, string, (batch: Uint8Array) => void]>([
  ['magic', 'magic 1', (batch) => (batch[layout.MAGIC_AT] = 1)],
  [
    'batchLength',
    'a length that is too short',
    (batch) => writeInt32(batch, layout.BATCH_LENGTH_AT, batch.length - 13),
  ],
  ['batchLength', 'a length that is too long', (batch) => writeInt32(batch, layout.BATCH_LENGTH_AT, batch.length - 11)],
  ['batchLength', 'a negative length', (batch) => writeInt32(batch, layout.BATCH_LENGTH_AT, -1)],
  ['attributes: only brokers write control', 'control', (batch) => writeInt16(batch, layout.ATTRIBUTES_AT, 0x20)],
  ['attributes: transactions', 'transactional', (batch) => writeInt16(batch, layout.ATTRIBUTES_AT, 0x10)],
  [
    'attributes: only brokers set LogAppendTime',
    'LogAppendTime',
    (batch) => writeInt16(batch, layout.ATTRIBUTES_AT, 0x08),
  ],
  ['attributes: 0x40', 'delete horizon', (batch) => writeInt16(batch, layout.ATTRIBUTES_AT, 0x40)],
  ['attributes: 0x8000', 'the highest bit', (batch) => writeInt16(batch, layout.ATTRIBUTES_AT, 0x8000)],
  ['attributes: compression 5', 'compression 5', (batch) => writeInt16(batch, layout.ATTRIBUTES_AT, 5)],
  ['recordsCount', 'no records', (batch) => batch.fill(0xff, 23, 27).fill(0, 57, 61)],
  ['recordsCount', 'a negative count', (batch) => batch.fill(0xff, 57, 61)],
  ['lastOffsetDelta', 'a delta that does not fit', (batch) => writeInt32(batch, layout.LAST_OFFSET_DELTA_AT, 2)],
  ['lastOffsetDelta', 'a delta that is too small', (batch) => writeInt32(batch, layout.LAST_OFFSET_DELTA_AT, 0)],
  [
    'recordsCount',
    'more records than bytes',
    (batch) => {
      writeInt32(batch, layout.LAST_OFFSET_DELTA_AT, 0x7ffffffe)
      writeInt32(batch, layout.RECORDS_COUNT_AT, 0x7fffffff)
    },
  ],
  ['producerId', 'producer id -2', (batch) => writeInt64(batch, layout.PRODUCER_ID_AT, -2)],
  ['producerId', 'a producer id past 2^53', (batch) => writeInt32(batch, layout.PRODUCER_ID_AT, 0x7fffffff)],
  ['producerEpoch', 'a negative epoch', (batch) => writeInt16(batch, layout.PRODUCER_EPOCH_AT, -1)],
  ['baseSequence', 'a negative sequence', (batch) => writeInt32(batch, layout.BASE_SEQUENCE_AT, -1)],
  ['baseTimestamp', 'a base timestamp past 2^53', (batch) => writeInt32(batch, layout.BASE_TIMESTAMP_AT, 0x7fffffff)],
  ['maxTimestamp', 'a largest timestamp past 2^53', (batch) => writeInt32(batch, layout.MAX_TIMESTAMP_AT, 0x7fffffff)],
])('refused for its %s: %s', (field, _, change) => {
  const error = refusal(batchWith(change))
  expect(error?.code).toBe('INVALID_BATCH')
  expect(error?.message).toContain(` ${field}`)
})

test('size is checked before anything else, the CRC before what it covers', () => {
  const batch = batchWith(() => {})
  expect(refusal(batch, batch.length)).toBeUndefined()
  expect(refusal(batch, batch.length - 1)?.code).toBe('BATCH_TOO_LARGE')
  batch[layout.ATTRIBUTES_AT + 1] = 0x20
  expect(refusal(batch)?.code).toBe('CORRUPT_BATCH')
})

test('bytes must be exactly one batch', () => {
  const batch = batchWith(() => {})
  for (let length = 0; length < batch.length; length++)
    expect(refusal(batch.subarray(0, length))?.code).toBe('INVALID_BATCH')
  const two = new Uint8Array(2 * batch.length)
  two.set(batch)
  two.set(batch, batch.length)
  expect(refusal(two)?.code).toBe('INVALID_BATCH')
})

test('a stored batch is verified in its place, and never read past the end', () => {
  const batch = batchWith((bytes) => writeInt16(bytes, layout.ATTRIBUTES_AT, 0x20))
  const stored = new Uint8Array(5 + batch.length + 5)
  stored.set(batch, 5)
  const end = 5 + batch.length
  expect(verifyBatch(stored, 5, end, crc32c)).toBe(true)
  expect(verifyBatch(stored, 4, end, crc32c)).toBe(false)
  expect(verifyBatch(stored, 5, end + 1, crc32c)).toBe(false)
  expect(verifyBatch(stored, 5, end - 1, crc32c)).toBe(false)
  expect(verifyBatch(stored.subarray(0, end - 1), 5, end, crc32c)).toBe(false)
  expect(verifyBatch(stored, 5, 5 + 60, crc32c)).toBe(false)
})
