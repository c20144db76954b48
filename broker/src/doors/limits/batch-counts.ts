import { BATCH_HEADER_BYTES, batchBytesAt, recordsCountAt } from '@tailrace/schemas'

export interface BatchCounts {
  readonly batches: number
  readonly records: number
}

/**
 * By the headers of the batches alone. A piece from another broker may hold several batches back to back; what is no
 * whole batch is not counted, and is for its reader to refuse.
 */
export function countBatches(pieces: readonly Uint8Array[]): BatchCounts {
  let [batches, records] = [0, 0]
  for (const piece of pieces) {
    for (let start = 0; start + BATCH_HEADER_BYTES <= piece.length; ) {
      const length = batchBytesAt(piece, start)
      if (length < BATCH_HEADER_BYTES || start + length > piece.length) break
      batches += 1
      records += Math.max(0, recordsCountAt(piece, start))
      start += length
    }
  }
  return { batches, records }
}
