import { type Offset, type PartitionNumber, type Position, positionFrom, TailraceError } from '@tailrace/schemas'
import { checkPartition } from './feed/paused-partitions.ts'
import { Positions, positionsFrom } from './positions.ts'

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

const earliest: Position = { kind: 'EARLIEST', value: 0 }
const latest: Position = { kind: 'LATEST', value: 0 }

/**
 * `otherwise`: where partitions begin that `from` does not name when it gives offsets by partition. `option`: the name
 * under which `from` was given.
 * @throws TailraceError INVALID_SETTING
 */
export function startOf(
  from: From,
  partitions: readonly PartitionNumber[] | undefined,
  otherwise: 'earliest' | 'latest' = 'earliest',
  option = 'from',
): Start {
  for (const partition of partitions ?? []) checkPartition(partition)
  const chosen = partitions && [...new Set(partitions)]
  if (typeof from === 'object' && from !== null && !(from instanceof Date)) {
    const offsets = positionsFrom(from, option)
    const rest = otherwise === 'earliest' ? earliest : latest
    const positionOf = (partition: PartitionNumber): Position => {
      const value = offsets.get(partition)
      return value === undefined ? rest : { kind: 'OFFSET', value }
    }
    return { partitions: chosen, offsets, positionOf }
  }
  const position = positionFrom(from)
  if (position !== null) return { partitions: chosen, offsets: new Positions(), positionOf: () => position }
  const given = typeof from === 'string' ? JSON.stringify(from) : String(from)
  throw new TailraceError(
    'INVALID_SETTING',
    `${option}: ${given} is not 'earliest', 'latest', an offset, a time such as "2026-03-01T12:00:00Z", or an offset for each partition.`,
  )
}

/** The same partitions of another topic, from its start or its end. */
export function startAnew({ partitions }: Start, at: 'earliest' | 'latest'): Start {
  const position = at === 'earliest' ? earliest : latest
  return { partitions, offsets: new Positions(), positionOf: () => position }
}
