import type { Client, TopicRoute } from '@tailrace/client'
import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import { type FoundOffset, findOffset } from '../find-offset.ts'
import type { Start } from './start.ts'

type Find = (position: Position) => Promise<FoundOffset>

/** Requests under way at a time. */
const MOST_AT_ONCE = 32
const end = { kind: 'LATEST', value: 0 } as const

/** What has to be asked before reading begins. */
export interface Bounds {
  /** Of each partition; undefined: `from` says where it begins. */
  readonly last: number | undefined
  readonly to: Start | undefined
  readonly untilEnd: boolean
}

/** Of a partition. */
export interface FoundBounds {
  /** Undefined: where `from` says. */
  readonly start: Offset | undefined
  /** Infinity: there is none. */
  readonly end: Offset
}

/**
 * Where reading begins and ends in each partition, as the leaders know it.
 * @throws TailraceError what `findOffset` throws
 */
export async function findBounds(
  client: Client,
  topic: TopicRoute,
  partitions: readonly PartitionNumber[],
  bounds: Bounds,
  signal: AbortSignal,
): Promise<ReadonlyMap<PartitionNumber, FoundBounds>> {
  const found = new Map<PartitionNumber, FoundBounds>()
  const waiting = partitions[Symbol.iterator]()
  const work = async (): Promise<void> => {
    for (const partition of waiting) {
      const find: Find = (position) => findOffset(client, topic, partition, position, signal)
      found.set(partition, await boundsOf(partition, bounds, find))
    }
  }
  await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, partitions.length) }, work))
  return found
}

async function boundsOf(partition: PartitionNumber, { last, to, untilEnd }: Bounds, find: Find): Promise<FoundBounds> {
  const present = untilEnd || last !== undefined ? await find(end) : undefined
  const ends: Offset[] = []
  if (untilEnd) ends.push(present!.highWatermark)
  if (to !== undefined) ends.push(await endOf(partition, to, find))
  const behind = Math.min(...ends)
  if (last === undefined) return { start: undefined, end: behind }
  const { logStart, highWatermark } = present!
  return { start: Math.max(logStart, Math.min(highWatermark, behind) - last), end: behind }
}

async function endOf(partition: PartitionNumber, to: Start, find: Find): Promise<Offset> {
  // A position names all partitions that there were: another one had nothing before it.
  if (to.offsets.size > 0) return to.offsets.get(partition) ?? 0
  const position = to.positionOf(partition)
  return position.kind === 'OFFSET' ? position.value : (await find(position)).offset
}
