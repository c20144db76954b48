import { expect, test } from 'vitest'
import { crc32c } from '../crc32c.ts'
import { checkBatch } from './check.ts'
import { readBatchHeader } from './header.ts'
import { Compression } from './layout.ts'
import { withProducer } from './producer.ts'
import { decodeBatch } from './read.ts'
import { BatchWriter } from './write.ts'

const recordsOf = (batch: Uint8Array) => decodeBatch(batch, 0, {} as never).map(({ offset: _, ...record }) => record)

test('a batch is passed on under another producer with the same records', () => {
  const writer = new BatchWriter()
  const headers = [['h', new Uint8Array([1])]] as const
  for (const value of ['a', 'b']) writer.append({ timestamp: 1_700_000_000_000, key: 'k', value, headers })
  const made = { producerId: 7, producerEpoch: 3, baseSequence: 11, compression: Compression.none }
  const batch = writer.finish(made)
  const kept = batch.slice()
  const other = { producerId: 2 ** 40 + 5, producerEpoch: 0, baseSequence: 2 ** 31 - 1 }
  const passed = withProducer(batch, other, crc32c)
  expect(() => checkBatch(passed, crc32c, passed.length)).not.toThrow()
  expect(readBatchHeader(passed)).toMatchObject({ ...other, baseOffset: 0, leaderEpoch: -1 })
  expect(recordsOf(passed)).toEqual(recordsOf(batch))
  expect(batch).toEqual(kept)
})
