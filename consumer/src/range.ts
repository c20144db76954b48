import type { Client, TopicRoute } from '@tailrace/client'
import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import { placeParts } from '#place-parts'
import type { Bounds, FoundBounds } from './bounds.ts'
import type { Start } from './start.ts'

/** What part of a topic is read. */
export class Range {
  readonly start: Start
  readonly #bounds: Bounds | undefined
  #found: ReadonlyMap<PartitionNumber, FoundBounds> = new Map()

  /** `bounds` undefined: from its start on, without end. */
  constructor(start: Start, bounds?: Bounds) {
    this.start = start
    this.#bounds = bounds
  }

  /** The topic to which its offsets belong; empty where that is not known. */
  get topicId(): string {
    return this.start.offsets.topicId || (this.#bounds?.to?.offsets.topicId ?? '')
  }

  /** Reading ends somewhere: in the partitions that there are when it begins. */
  get hasEnd(): boolean {
    return this.#bounds !== undefined && (this.#bounds.untilEnd || this.#bounds.to !== undefined)
  }

  /** Partitions that are added later are read, too. */
  get takesAdded(): boolean {
    return this.start.partitions === undefined && !this.hasEnd
  }

  /** Partitions that must be there. */
  get named(): readonly PartitionNumber[] {
    return [...(this.start.partitions ?? this.start.offsets.keys()), ...(this.#bounds?.to?.offsets.keys() ?? [])]
  }

  partitionsOf(route: TopicRoute): readonly PartitionNumber[] {
    return this.start.partitions ?? route.leaders.map((_, partition) => partition)
  }

  /**
   * Asks for what must be known before reading begins.
   * @throws TailraceError what `findOffset` throws; CODE_NOT_LOADED
   */
  async find(client: Client, route: TopicRoute, signal: AbortSignal): Promise<void> {
    if (this.#bounds === undefined) return
    const known = this.partitionsOf(route).filter((one) => one < route.leaders.length)
    const { findBounds } = await placeParts(signal)
    this.#found = await findBounds(client, route, known, this.#bounds, signal)
  }

  positionOf(partition: PartitionNumber): Position {
    const value = this.#found.get(partition)?.start
    return value === undefined ? this.start.positionOf(partition) : { kind: 'OFFSET', value }
  }

  /** Records from there on are not read. Infinity: there is no end. */
  endOf(partition: PartitionNumber): Offset {
    return this.#found.get(partition)?.end ?? Number.POSITIVE_INFINITY
  }

  /** It begins at one of the last records; one that is gone before it was read is none of the last any more. */
  isOfLast(partition: PartitionNumber): boolean {
    return this.#found.get(partition)?.start !== undefined
  }
}
