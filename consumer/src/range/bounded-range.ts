import type { Client, TopicRoute } from '@tailrace/client'
import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import type { Positions } from '../positions.ts'
import { type Bounds, type FoundBounds, findBounds } from './bounds.ts'
import { EndlessRange, type Range } from './range.ts'
import type { Start } from './start.ts'

/** With an end, or beginning at one of the last records. */
export class BoundedRange implements Range {
  readonly start: Start
  readonly #endless: EndlessRange
  readonly #bounds: Bounds
  #found: ReadonlyMap<PartitionNumber, FoundBounds> = new Map()

  constructor(start: Start, bounds: Bounds) {
    this.start = start
    this.#endless = new EndlessRange(start)
    this.#bounds = bounds
  }

  get topicId(): string {
    return this.#endless.topicId || (this.#bounds.to?.offsets.topicId ?? '')
  }

  get offsets(): Positions {
    return this.#endless.offsets
  }

  whole(): Range {
    return this
  }

  get hasEnd(): boolean {
    return this.#bounds.untilEnd || this.#bounds.to !== undefined
  }

  get takesAdded(): boolean {
    return this.#endless.takesAdded && !this.hasEnd
  }

  get named(): readonly PartitionNumber[] {
    return [...this.#endless.named, ...(this.#bounds.to?.offsets.keys() ?? [])]
  }

  partitionsOf(route: TopicRoute): readonly PartitionNumber[] {
    return this.#endless.partitionsOf(route)
  }

  async find(client: Client, route: TopicRoute, signal: AbortSignal): Promise<void> {
    const known = this.partitionsOf(route).filter((one) => one < route.leaders.length)
    this.#found = await findBounds(client, route, known, this.#bounds, signal)
  }

  positionOf(partition: PartitionNumber): Position {
    const value = this.#found.get(partition)?.start
    return value === undefined ? this.start.positionOf(partition) : { kind: 'OFFSET', value }
  }

  endOf(partition: PartitionNumber): Offset {
    return this.#found.get(partition)?.end ?? Number.POSITIVE_INFINITY
  }

  isOfLast(partition: PartitionNumber): boolean {
    return this.#found.get(partition)?.start !== undefined
  }
}
