import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import { checkPartition } from '../feed/paused-partitions.ts'
import { Positions, positionsFrom } from '../positions.ts'

/**
 * Where to begin: 'earliest', 'latest' (only records published from now on), an offset, a time (the first record at or
 * after it; a Date or an ISO 8601 text, UTC where it names no zone), or an offset for each partition, as `position()`
 * gave it or as JSON has kept that.
 */
export type From =
  | 'earliest'
  | 'latest'
  | Offset
  | Date
  | string
  | ReadonlyMap<PartitionNumber, Offset>
  | Readonly<Record<number, Offset | string>>
  | readonly (Offset | string)[]
  | readonly (readonly [PartitionNumber, Offset])[]
  | { readonly topicId?: string; readonly offsets: object }

export interface Start {
  /** undefined: all partitions, also those that are added later. */
  readonly partitions: readonly PartitionNumber[] | undefined
  /** Empty unless `from` gave offsets by partition. */
  readonly offsets: Positions
  positionOf(partition: PartitionNumber): Position
}

const ends = { earliest: { kind: 'EARLIEST', value: 0 }, latest: { kind: 'LATEST', value: 0 } } as const

/** Whether it gives offsets by partition. */
export function isSaved(from: unknown): from is object {
  return typeof from === 'object' && from !== null && !(from instanceof Date)
}

/** At an end of all partitions, or of those. @throws TailraceError INVALID_SETTING */
export function startAtEnd(at: 'earliest' | 'latest', partitions: readonly PartitionNumber[] | undefined): Start {
  return startAt(ends[at], partitions)
}

/** At one position in all partitions, or in those. @throws TailraceError INVALID_SETTING */
export function startAt(position: Position, partitions: readonly PartitionNumber[] | undefined): Start {
  return { partitions: chosen(partitions), offsets: new Positions(), positionOf: () => position }
}

/**
 * At offsets by partition. `otherwise`: where partitions begin that have none. `option`: the name under which they were
 * given.
 * @throws TailraceError INVALID_SETTING
 */
export function startAtSaved(
  from: object,
  partitions: readonly PartitionNumber[] | undefined,
  otherwise: 'earliest' | 'latest',
  option: string,
): Start {
  const offsets = positionsFrom(from, option)
  const positionOf = (partition: PartitionNumber): Position => {
    const value = offsets.get(partition)
    return value === undefined ? ends[otherwise] : { kind: 'OFFSET', value }
  }
  return { partitions: chosen(partitions), offsets, positionOf }
}

function chosen(partitions: readonly PartitionNumber[] | undefined): readonly PartitionNumber[] | undefined {
  partitions?.forEach(checkPartition)
  return partitions && [...new Set(partitions)]
}
