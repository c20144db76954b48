import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TailraceError } from '../tailrace-error.ts'
import { readControl } from './control.ts'
import { readBatchHeader } from './header.ts'
import { BATCH_LENGTH_AT, Compression, RECORDS_AT, RECORDS_COUNT_AT } from './layout.ts'
import { writeInt32 } from './numbers.ts'
import { decodeBatch, MAX_DECOMPRESSED_BYTES } from './read.ts'
import { BatchWriter } from './write.ts'

function sound(): Uint8Array {
  const writer = new BatchWriter()
  for (let i = 0; i < 3; i++)
    writer.append({ timestamp: 1000 * i, key: `key ${i}`, value: 'v'.repeat(70), headers: [['h', 'x']] })
  return writer.finish({ producerId: 7, producerEpoch: 0, baseSequence: 0, compression: Compression.none })
}

/** Decodes; the outcome may only be records within the batch, or INVALID_BATCH. */
function decodeGarbage(batch: Uint8Array): void {
  // The bytes around the batch must not be looked at: records may not reach into it.
  const room = new Uint8Array(batch.length + 200).fill(0x02)
  room.set(batch, 100)
  try {
    for (const record of decodeBatch(room.subarray(0, 100 + batch.length), 100, {})) {
      for (const view of [record.key, record.value, ...record.headers.map(([, value]) => value)]) {
        if (view === null) continue
        expect(view.byteOffset).toBeGreaterThanOrEqual(100 + RECORDS_AT)
        expect(view.byteOffset + view.length).toBeLessThanOrEqual(100 + batch.length)
      }
      expect(Number.isSafeInteger(record.offset) && Number.isSafeInteger(record.timestamp)).toBe(true)
    }
  } catch (error) {
    if (!(error instanceof TailraceError)) throw error
    expect(['INVALID_BATCH', 'UNSUPPORTED_COMPRESSION']).toContain(error.code)
  }
}

test('a batch with any one byte changed to anything', () => {
  const batch = sound()
  for (let at = 0; at < batch.length; at++) {
    for (const value of [0, 1, 2, 0x7f, 0x80, 0xff, batch[at]! ^ 1]) decodeGarbage(batch.with(at, value))
  }
})

test('an offsetDelta that is not above the one before it, or beyond the last of the batch, is not shown', () => {
  const batch = sound()
  decodeBatch(batch, 0, {}).forEach(({ key }, record) => {
    // The key's length stands between.
    const deltaAt = key!.byteOffset - 2
    expect(batch[deltaAt]).toBe(2 * record)
    // As varints: -1, the one before, the first and one far beyond the last.
    for (const wrong of [1, ...(record > 0 ? [2 * record - 2] : []), 6, 120])
      expect(() => decodeBatch(batch.with(deltaAt, wrong), 0, {})).toThrow(/offsetDelta/)
  })
})

test('a batch cut anywhere, with its length made to fit or not', () => {
  const batch = sound()
  for (let length = 0; length < batch.length; length++) {
    const cut = batch.slice(0, length)
    expect(() => decodeBatch(cut, 0, {})).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
    if (length < RECORDS_AT) continue
    writeInt32(cut, BATCH_LENGTH_AT, length - 12)
    expect(() => decodeBatch(cut, 0, {})).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
  }
})

test('a sound header with garbage for records, however many it claims', () => {
  const head = sound().subarray(0, RECORDS_AT)
  const count = fc.oneof(fc.nat(5), fc.integer())
  // Bytes that are valid varints are frequent, so that the walk gets beyond the first field.
  const byte = fc.oneof(fc.constantFrom(0, 1, 2, 4, 6, 12, 14, 16, 0x80, 0xff), fc.nat(255))
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), count, (records, claimed) => {
      const batch = Uint8Array.from([...head, ...records])
      writeInt32(batch, BATCH_LENGTH_AT, batch.length - 12)
      writeInt32(batch, RECORDS_COUNT_AT, claimed)
      decodeGarbage(batch)
    }),
    { numRuns: 2000 },
  )
})

test('bytes of any kind', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 150 }), decodeGarbage))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 150 }), (bytes) => {
      expect(() => readControl(bytes, 0)).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
    }),
  )
})

test('a codec that throws, gives garbage or is asked for too much', () => {
  const batch = sound()
  batch[22] = Compression.zstd
  const decodeWith = (decompress: (bytes: Uint8Array, maxBytes: number) => Uint8Array) => () =>
    decodeBatch(batch, 0, { [Compression.zstd]: decompress })
  const throwing = decodeWith((_, maxBytes) => {
    expect(maxBytes).toBe(MAX_DECOMPRESSED_BYTES)
    throw new RangeError('too much')
  })
  for (const decode of [throwing, decodeWith(() => new Uint8Array(0)), decodeWith(() => new Uint8Array(50))]) {
    expect(decode).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
  }
})

test('a header is refused when it is short or its numbers are unsafe', () => {
  const batch = sound()
  expect(() => readBatchHeader(batch.subarray(0, 60))).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
  expect(() => readBatchHeader(batch, batch.length - 60)).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
  expect(() => readBatchHeader(batch, -1)).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
  expect(() => readBatchHeader(batch.with(0, 0x7f))).toThrow(/baseOffset/)
})
