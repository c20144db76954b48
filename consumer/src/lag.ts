import type { PartitionNumber } from '@tailrace/schemas'
import type { Cursor } from './feed/cursor.ts'

/** Records by which the reader is behind: high watermark minus position. */
export interface Lag {
  readonly total: number
  readonly partitions: ReadonlyMap<PartitionNumber, number>
}

export function lagOf({ cursors }: { readonly cursors: ReadonlyMap<PartitionNumber, Cursor> }): Lag {
  const partitions = new Map<PartitionNumber, number>()
  let total = 0
  for (const { partition, lag } of cursors.values()) {
    partitions.set(partition, lag)
    total += lag
  }
  return { total, partitions }
}
