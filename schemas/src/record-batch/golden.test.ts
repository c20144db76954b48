import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../crc32c.ts'
import { verifyBatch } from './check.ts'
import { termStartBatch } from './control.ts'
import { placeBatch, readBatchHeader } from './header.ts'
import { CONTROL_BIT, Compression, TRANSACTIONAL_BIT } from './layout.ts'
import { decodeBatch } from './read.ts'
import { BatchWriter } from './write.ts'

/** Batches that kafkajs 2.2.4 decodes and whose CRCs it confirms. */
const golden = {
  data: '000000000000002a000000440000000702bf68b7500000000000010000018bcfe568000000018bcfe56800ffffffffffffffffffffffffffff0000000212000000026b04763000100000020104763100',
  leaderChange:
    '000000000000002c00000045000000080213d27a030020000000000000018bcfe568000000018bcfe56800ffffffffffffffffffffffffffff000000012600000008000000021200000000000101010000',
  commit:
    '000000000000002d0000004200000008022862b7110030000000000000018bcfe568000000018bcfe5680000000000000003e90003ffffffff000000012000000008000000010c00000000000500',
}
const TIME = 0x18bcfe56800
const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes)
const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test.each(Object.entries(golden))(
  '%s: rewriting both fields of the broker leaves the CRC valid, any other byte breaks it',
  (_, hex) => {
    const batch = fromHex(hex)
    expect(verifyBatch(batch, 0, batch.length, crc32c)).toBe(true)
    placeBatch(batch, 0, 2 ** 52 + 1, 0x7fffffff)
    expect(readBatchHeader(batch)).toMatchObject({ baseOffset: 2 ** 52 + 1, leaderEpoch: 0x7fffffff })
    expect(verifyBatch(batch, 0, batch.length, crc32c)).toBe(true)
    for (let at = 0; at < batch.length; at++) {
      const broken = batch.slice()
      broken[at]! ^= 0x10
      const isBrokers = at < 8 || (at >= 12 && at < 16)
      expect(verifyBatch(broken, 0, broken.length, crc32c)).toBe(isBrokers)
    }
  },
)

describe('the data batch', () => {
  test('is decoded', () => {
    const batch = fromHex(golden.data)
    expect(readBatchHeader(batch)).toEqual({
      baseOffset: 42,
      batchBytes: 80,
      leaderEpoch: 7,
      magic: 2,
      crc: 0xbf68b750,
      attributes: 0,
      compression: Compression.none,
      isControl: false,
      isTransactional: false,
      lastOffsetDelta: 1,
      lastOffset: 43,
      baseTimestamp: TIME,
      maxTimestamp: TIME,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      recordsCount: 2,
    })
    const records = decodeBatch(batch, 0, {}).map((record) => ({
      ...record,
      key: text(record.key),
      value: text(record.value),
    }))
    expect(records).toEqual([
      { offset: 42, timestamp: TIME, key: 'k', value: 'v0', headers: [] },
      { offset: 43, timestamp: TIME, key: null, value: 'v1', headers: [] },
    ])
  })

  test('is encoded byte for byte', () => {
    const writer = new BatchWriter()
    writer.append({ timestamp: TIME, key: 'k', value: 'v0' })
    writer.append({ timestamp: TIME, key: null, value: 'v1' })
    expect(writer.estimatedBytes).toBe(80)
    const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
    placeBatch(batch, 0, 42, 7)
    expect(toHex(batch)).toBe(golden.data)
  })
})

test('the leader change batch is what termStartBatch makes', () => {
  expect(toHex(termStartBatch({ term: 8, baseOffset: 44, timestamp: TIME, leader: 1 }))).toBe(golden.leaderChange)
})

test('the transaction marker is decoded, and encoded byte for byte', () => {
  const batch = fromHex(golden.commit)
  const header = readBatchHeader(batch)
  expect(header).toMatchObject({
    isControl: true,
    isTransactional: true,
    producerId: 1001,
    producerEpoch: 3,
    baseSequence: -1,
  })
  const [record] = decodeBatch(batch, 0, {})
  const writer = new BatchWriter()
  writer.append(record!)
  const { producerId, producerEpoch, baseSequence } = header
  const attributes = CONTROL_BIT | TRANSACTIONAL_BIT
  const again = writer.finish({ producerId, producerEpoch, baseSequence, compression: Compression.none, attributes })
  placeBatch(again, 0, 45, 8)
  expect(toHex(again)).toBe(golden.commit)
})

test("kafkajs's own decoder reads a batch of ours", async () => {
  const require = createRequire(import.meta.url)
  const KafkaDecoder = require('kafkajs/src/protocol/decoder.js')
  const decodeWithKafkajs = require('kafkajs/src/protocol/recordBatch/v0/decoder.js')
  const writer = new BatchWriter()
  const long = 'ü'.repeat(200)
  writer.append({
    timestamp: TIME,
    key: 'SFO',
    value: long,
    headers: [
      ['trace', 'x'],
      ['grüße', new Uint8Array([1, 2])],
    ],
  })
  writer.append({ timestamp: TIME + 5_000_000_000, key: null, value: null })
  writer.append({ timestamp: TIME - 70, key: new Uint8Array(0), value: '' })
  const batch = writer.finish({
    producerId: 2 ** 40,
    producerEpoch: 3,
    baseSequence: 17,
    compression: Compression.none,
  })
  placeBatch(batch, 0, 2 ** 33, 9)
  const decoded = await decodeWithKafkajs(new KafkaDecoder(Buffer.from(batch)))
  expect(decoded).toMatchObject({
    firstOffset: String(2 ** 33),
    partitionLeaderEpoch: 9,
    lastOffsetDelta: 2,
    firstTimestamp: String(TIME),
    maxTimestamp: String(TIME + 5_000_000_000),
    producerId: String(2 ** 40),
    producerEpoch: 3,
    firstSequence: 17,
  })
  expect(decoded.records).toMatchObject([
    { offset: String(2 ** 33), timestamp: String(TIME), key: Buffer.from('SFO'), value: Buffer.from(long) },
    { offset: String(2 ** 33 + 1), timestamp: String(TIME + 5_000_000_000), key: null, value: null },
    { offset: String(2 ** 33 + 2), timestamp: String(TIME - 70), key: Buffer.alloc(0), value: Buffer.alloc(0) },
  ])
  expect(decoded.records[0].headers).toEqual({ trace: Buffer.from('x'), grüße: Buffer.from([1, 2]) })
})
