import { partitionForKey } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { gatherBatches, type Spread } from './batches.ts'
import type { RecordInput } from './record.ts'

const spread: Spread = { topic: 't', partitions: 4, unkeyedPartition: 3, maxBatchBytes: 1000, now: 500 }

function record(valueBytes: number, more: Partial<RecordInput> = {}): RecordInput {
  return { key: null, value: new Uint8Array(valueBytes), headers: [], partition: null, timestamp: null, ...more }
}

/** The partitions, with the positions of the records in each of their batches. */
function gathered(records: RecordInput[], changes: Partial<Spread> = {}) {
  return gatherBatches(records, { ...spread, ...changes }).map(({ partition, batches }) => [
    partition,
    batches.map(({ inputs }) => inputs),
  ])
}

/** The bytes of one record in a batch of its own. */
const alone = (valueBytes: number): number =>
  gatherBatches([record(valueBytes)], { ...spread, maxBatchBytes: 1 << 20 })[0]!.batches[0]!.writer.estimatedBytes

test('records go to the partition they name, to that of their key, or all to one partition', () => {
  const key = new TextEncoder().encode('key')
  const records = [
    record(1),
    record(1, { key }),
    record(1, { partition: 0 }),
    record(1),
    record(1, { partition: 0, key }),
  ]
  const byKey = partitionForKey(key, 4)
  expect([0, 3]).not.toContain(byKey)
  expect(gathered(records)).toEqual([
    [3, [[0, 3]]],
    [byKey, [[1]]],
    [0, [[2, 4]]],
  ])
})

test.each([4, 5])('partition %i is not there', (partition) => {
  expect(() => gathered([record(1, { partition: 3 }), record(1, { partition })])).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_PARTITION', message: expect.stringContaining('records[1].partition') }),
  )
})

test('a record as large as the topic accepts is a batch, and one that takes a byte more is refused', () => {
  const maxBatchBytes = alone(300)
  expect(gathered([record(300)], { maxBatchBytes })).toEqual([[3, [[0]]]])
  expect(() => gathered([record(1), record(301)], { maxBatchBytes })).toThrow(
    expect.objectContaining({
      code: 'BATCH_TOO_LARGE',
      message: expect.stringContaining(`records[1] takes ${maxBatchBytes + 1} bytes`),
    }),
  )
})

test('a record joins the batch before it where the topic accepts both for sure, and the next record begins another', () => {
  const [{ batches }] = gatherBatches([record(300)], spread) as [ReturnType<typeof gatherBatches>[0]]
  const { writer } = batches[0]!
  const two = writer.estimatedBytes + writer.sizeOf({ ...record(300), timestamp: spread.now })
  const records = [record(300), record(300), record(300), record(300), record(300)]
  expect(gathered(records, { maxBatchBytes: two })).toEqual([[3, [[0, 1], [2, 3], [4]]]])
  expect(gathered(records, { maxBatchBytes: two - 1 })).toEqual([[3, [[0], [1], [2], [3], [4]]]])
})
