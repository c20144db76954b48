import type { PartitionNumber, Timestamp } from '@tailrace/schemas'
import { BatchWriter, partitionForKey, TailraceError } from '@tailrace/schemas'
import type { RecordInput } from './record.ts'

/** The batches of one partition: writers in order, each with the positions of its records. */
export interface PartitionBatches {
  readonly partition: PartitionNumber
  readonly batches: { readonly writer: BatchWriter /** Positions in the request. */; readonly inputs: number[] }[]
}

export interface Spread {
  readonly topic: string
  readonly partitions: number
  /** The partition of records without key and partition: one for a request, so that they share a batch. */
  readonly unkeyedPartition: PartitionNumber
  readonly maxBatchBytes: number
  /** For records without a timestamp. */
  readonly now: Timestamp
  /** The name of a record, by its place in the request, for the reader of an error. Default: `records[3]`. */
  readonly nameOf?: ((index: number) => string) | undefined
}

/** As JSON has them. */
export const nameInList = (index: number): string => `records[${index}]`

/**
 * Gathers the records of each partition into as few batches as the topic's limit allows, in order.
 * Throws UNKNOWN_PARTITION, and BATCH_TOO_LARGE for a record that fits no batch: before anything is published.
 */
export function gatherBatches(records: readonly RecordInput[], spread: Spread): PartitionBatches[] {
  const byPartition = new Map<PartitionNumber, PartitionBatches>()
  for (let index = 0; index < records.length; index++) {
    const record = records[index]!
    const partition = choosePartition(record, index, spread)
    let target = byPartition.get(partition)
    if (target === undefined) byPartition.set(partition, (target = { partition, batches: [] }))
    const input = {
      timestamp: record.timestamp ?? spread.now,
      key: record.key,
      value: record.value,
      headers: record.headers,
    }
    let batch = target.batches.at(-1)
    if (batch === undefined || batch.writer.estimatedBytes + batch.writer.sizeOf(input) > spread.maxBatchBytes) {
      target.batches.push((batch = { writer: new BatchWriter(), inputs: [] }))
    }
    batch.writer.append(input)
    const bytes = batch.writer.estimatedBytes
    if (bytes > spread.maxBatchBytes) {
      throw new TailraceError(
        'BATCH_TOO_LARGE',
        `${(spread.nameOf ?? nameInList)(index)} takes ${bytes} bytes; "${spread.topic}" accepts ${spread.maxBatchBytes}.`,
      )
    }
    batch.inputs.push(index)
  }
  return [...byPartition.values()]
}

function choosePartition(record: RecordInput, index: number, spread: Spread): PartitionNumber {
  if (record.partition !== null) {
    if (record.partition < spread.partitions) return record.partition
    throw new TailraceError(
      'UNKNOWN_PARTITION',
      `${(spread.nameOf ?? nameInList)(index)}.partition is ${record.partition}; "${spread.topic}" has partitions 0 to ${spread.partitions - 1}.`,
    )
  }
  return record.key === null ? spread.unkeyedPartition : partitionForKey(record.key, spread.partitions)
}
