import * as schemas from '@tailrace/schemas'
import { Compression } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { restamp, sequenceAfter } from './identity.ts'

test('sequences count through 2^31 - 1 and go on at 0, as brokers expect it', () => {
  const last = 2 ** 31 - 1
  expect(sequenceAfter(0, 1)).toBe(1)
  expect(sequenceAfter(last - 1, 1)).toBe(last)
  expect(sequenceAfter(last, 1)).toBe(0)
  expect(sequenceAfter(last - 2, 5)).toBe(2)
  expect(sequenceAfter(last - 2, 2)).toBe(last)
})

test('a batch under another identity is whole, and the last sequence of all fits into it', () => {
  const writer = new schemas.BatchWriter()
  writer.append({ timestamp: 1, key: null, value: 'v' })
  const batch = writer.finish({ producerId: 1, producerEpoch: 0, baseSequence: 4, compression: Compression.none })
  restamp(batch, { producerId: 2 ** 40, epoch: 3 }, 2 ** 31 - 1)
  schemas.checkBatch(batch, schemas.crc32c, 1000)
  expect(schemas.readBatchHeader(batch)).toMatchObject({
    producerId: 2 ** 40,
    producerEpoch: 3,
    baseSequence: 2 ** 31 - 1,
  })
})
