import type { Client, TopicRoute } from '@tailrace/client'
import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import type { Positions } from '../positions.ts'
import type { Start } from './start.ts'

/** What part of a topic a feed reads. What is known before the whole of it: the position that it begins at. */
export interface GivenRange {
  /** The topic to which its offsets belong; empty where that is not known. */
  readonly topicId: string
  /** Empty unless reading begins at offsets by partition. */
  readonly offsets: Positions
  /** @throws TailraceError CODE_NOT_LOADED, INVALID_SETTING; as the signal says */
  whole(signal: AbortSignal): Range | Promise<Range>
}

export interface Range extends GivenRange {
  readonly start: Start
  /** Reading ends somewhere: in the partitions that there are when it begins. */
  readonly hasEnd: boolean
  /** Partitions that are added later are read, too. */
  readonly takesAdded: boolean
  /** Partitions that must be there. */
  readonly named: readonly PartitionNumber[]
  partitionsOf(route: TopicRoute): readonly PartitionNumber[]
  /** Asks for what must be known before reading begins. @throws TailraceError what `findOffset` throws */
  find(client: Client, route: TopicRoute, signal: AbortSignal): Promise<void>
  positionOf(partition: PartitionNumber): Position
  /** Records from there on are not read. Infinity: there is no end. */
  endOf(partition: PartitionNumber): Offset
  /** It begins at one of the last records; one that is gone before it was read is none of the last any more. */
  isOfLast(partition: PartitionNumber): boolean
}

/** From a start on, without end. */
export class EndlessRange implements Range {
  readonly start: Start
  readonly hasEnd = false

  constructor(start: Start) {
    this.start = start
  }

  get topicId(): string {
    return this.start.offsets.topicId
  }

  get offsets(): Positions {
    return this.start.offsets
  }

  whole(): Range {
    return this
  }

  get takesAdded(): boolean {
    return this.start.partitions === undefined
  }

  get named(): readonly PartitionNumber[] {
    return [...(this.start.partitions ?? this.start.offsets.keys())]
  }

  partitionsOf(route: TopicRoute): readonly PartitionNumber[] {
    return this.start.partitions ?? route.leaders.map((_, partition) => partition)
  }

  async find(): Promise<void> {}

  positionOf(partition: PartitionNumber): Position {
    return this.start.positionOf(partition)
  }

  endOf(): Offset {
    return Number.POSITIVE_INFINITY
  }

  isOfLast(): boolean {
    return false
  }
}
