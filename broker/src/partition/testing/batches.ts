import { BatchWriter, Compression, decodeBatch } from '@tailrace/schemas'

export interface BatchFields {
  readonly producerId?: number
  readonly epoch?: number
  readonly sequence?: number
  readonly timestamp?: number
}

/** One batch with these values; of no producer unless one is named. */
export function batchOf(values: readonly string[], fields: BatchFields = {}): Uint8Array {
  const { producerId = -1, epoch = producerId < 0 ? -1 : 0, sequence = producerId < 0 ? -1 : 0, timestamp = 0 } = fields
  const writer = new BatchWriter()
  for (const value of values) writer.append({ timestamp, key: null, value })
  return writer.finish({ producerId, producerEpoch: epoch, baseSequence: sequence, compression: Compression.none })
}

/** `offset:value` of every record. */
export function recordsOf(batches: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder()
  return batches.flatMap((batch) =>
    decodeBatch(batch, 0, {}).map(({ offset, value }) => `${offset}:${decoder.decode(value!)}`),
  )
}
