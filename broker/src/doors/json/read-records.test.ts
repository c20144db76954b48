import {
  ATTRIBUTES_AT,
  BatchWriter,
  Compression,
  CRC_AT,
  crc32c,
  placeBatch,
  RECORDS_AT,
  TailraceError,
} from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { readRun } from './read-records.ts'

function batchOf(baseOffset: number, values: readonly string[]): Uint8Array {
  const writer = new BatchWriter()
  for (const value of values) writer.append({ timestamp: 1, key: null, value })
  const options = { producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none }
  const batch = writer.finish(options)
  placeBatch(batch, 0, baseOffset, 1)
  return batch
}

function sealed(batch: Uint8Array): Uint8Array {
  new DataView(batch.buffer).setUint32(CRC_AT, crc32c(batch, ATTRIBUTES_AT, batch.length))
  return batch
}

const garbage = (baseOffset: number) => sealed(batchOf(baseOffset, ['x'.repeat(40)]).fill(0xff, RECORDS_AT))
const torn = (baseOffset: number) => {
  const batch = batchOf(baseOffset, ['a', 'b', 'x'.repeat(30)])
  return sealed(batch.fill(0xff, batch.length - 34))
}
const snappy = (baseOffset: number) => {
  const batch = batchOf(baseOffset, ['a', 'b'])
  batch[ATTRIBUTES_AT + 1] = Compression.snappy
  return sealed(batch)
}

function run(batches: Uint8Array[], offset: number, end: number) {
  try {
    const { records, nextOffset } = readRun({ batches, nextOffset: end }, offset, 1 << 20)
    return [records.map(({ value }) => value), nextOffset]
  } catch (error) {
    const { code, place } = error as TailraceError
    return [code, place]
  }
}

test.each([
  ['garbage', garbage, 1, 'INVALID_BATCH', []],
  ['a batch that is torn inside', torn, 3, 'INVALID_BATCH', ['a', 'b']],
  ['a batch that cannot be decompressed', snappy, 2, 'UNSUPPORTED_COMPRESSION', []],
] as const)('%s: the records before it, then its place, then the records behind it', (_, bad, count, code, before) => {
  for (const isApart of [true, false]) {
    const parts = [batchOf(0, ['v0', 'v1']), bad(2), batchOf(2 + count, ['last'])]
    const batches = isApart ? parts : [Uint8Array.from(parts.flatMap((part) => [...part]))]
    const end = 3 + count
    const badOffset = 2 + before.length
    expect(run(batches, 0, end)).toEqual([['v0', 'v1', ...before], badOffset])
    const from = isApart ? batches.slice(1) : batches
    if (isApart) expect(run(from, badOffset, end)).toEqual([code, { offset: badOffset, nextOffset: 2 + count }])
    expect(run([parts[2]!], 2 + count, end)).toEqual([['last'], end])
  }
})

test('an error that is asked for as JSON tells both offsets', () => {
  try {
    readRun({ batches: [garbage(7)], nextOffset: 8 }, 7, 1000)
    expect.fail('was read')
  } catch (error) {
    expect(error).toBeInstanceOf(TailraceError)
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'INVALID_BATCH', offset: 7, nextOffset: 8 })
    expect((error as Error).message).toMatch(/offset 7; what follows begins at 8/)
  }
})
