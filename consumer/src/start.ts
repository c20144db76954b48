import { type Offset, type PartitionNumber, type Position, TailraceError } from '@tailrace/schemas'

/**
 * Where to begin: 'earliest', 'latest' (only what comes from now on), an offset, a time (the first record at or after it; a Date or an ISO 8601
 * string), or an offset for each partition, which then are the only ones read.
 */
export type From =
  | 'earliest'
  | 'latest'
  | Offset
  | Date
  | string
  | ReadonlyMap<PartitionNumber, Offset>
  | Readonly<Record<number, Offset>>

export interface Start {
  /** undefined: all partitions, also those that are added later. */
  readonly partitions: readonly PartitionNumber[] | undefined
  positionOf(partition: PartitionNumber): Position
}

/** @throws TailraceError INVALID_SETTING */
export function startOf(from: From, partitions: readonly PartitionNumber[] | undefined): Start {
  for (const partition of partitions ?? []) checkWhole(partition, 'partitions')
  if (typeof from === 'object' && from !== null && !(from instanceof Date)) return startOfOffsets(from, partitions)
  const position = positionOf(from)
  return { partitions: partitions && [...new Set(partitions)], positionOf: () => position }
}

function startOfOffsets(from: object, partitions: readonly PartitionNumber[] | undefined): Start {
  const entries =
    from instanceof Map ? [...from] : Object.entries(from).map(([partition, offset]) => [Number(partition), offset])
  const offsets = new Map<PartitionNumber, Offset>(entries as [number, number][])
  for (const [partition, offset] of offsets) {
    checkWhole(partition, 'from')
    checkWhole(offset, 'from')
  }
  const missing = partitions?.find((partition) => !offsets.has(partition))
  if (missing !== undefined)
    throw new TailraceError('INVALID_SETTING', `from: it has no offset for partition ${missing}.`)
  return {
    partitions: partitions ? [...new Set(partitions)] : [...offsets.keys()],
    positionOf: (partition) => ({ kind: 'OFFSET', value: offsets.get(partition)! }),
  }
}

function positionOf(from: unknown): Position {
  if (from === 'earliest') return { kind: 'EARLIEST', value: 0 }
  if (from === 'latest') return { kind: 'LATEST', value: 0 }
  if (typeof from === 'number') {
    checkWhole(from, 'from')
    return { kind: 'OFFSET', value: from }
  }
  const time = from instanceof Date ? from.getTime() : typeof from === 'string' ? Date.parse(from) : Number.NaN
  if (!Number.isNaN(time)) return { kind: 'TIME', value: time }
  throw new TailraceError(
    'INVALID_SETTING',
    `from: ${JSON.stringify(from)} is not 'earliest', 'latest', an offset, a time, or an offset for each partition.`,
  )
}

function checkWhole(value: unknown, name: string): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return
  throw new TailraceError('INVALID_SETTING', `${name}: ${String(value)} is not a whole number from 0 on.`)
}
