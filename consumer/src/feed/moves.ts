import { type Offset, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { Cursor } from './cursor.ts'
import { PausedPartitions } from './paused-partitions.ts'

/** The feed whose partitions are paused and moved. */
export interface MovedFeed {
  readonly cursors: ReadonlyMap<PartitionNumber, Cursor>
  readonly topic: string
  /** Nothing more is received for this cursor, and what was received is dropped. */
  leave(cursor: Cursor): void
  /** A cursor that is new, and not held. */
  place(cursor: Cursor): void
  /** Those that are not held any more are received again. */
  receive(cursors: readonly Cursor[]): void
}

/** Which partitions are paused, and how one is read on from elsewhere. */
export class Moves {
  readonly #feed: MovedFeed
  readonly #paused = new PausedPartitions()

  constructor(feed: MovedFeed) {
    this.#feed = feed
  }

  get paused(): PartitionNumber[] {
    return [...this.#feed.cursors.keys()].filter((partition) => this.#paused.has(partition))
  }

  /** Nothing is received for it for now. A start that is not known yet is asked for in any case. */
  isHeld(cursor: Cursor): boolean {
    return cursor.isDone || (cursor.position !== undefined && this.#paused.has(cursor.partition))
  }

  /** @throws TailraceError UNKNOWN_PARTITION, INVALID_SETTING */
  pause(partitions: readonly PartitionNumber[] | undefined): void {
    this.#check(partitions)
    const before = new Set(this.paused)
    this.#paused.pause(partitions)
    for (const cursor of [...this.#feed.cursors.values()]) {
      const { partition, position } = cursor
      if (position !== undefined && this.#paused.has(partition) && !before.has(partition)) this.move(cursor, position)
    }
  }

  /** @throws TailraceError UNKNOWN_PARTITION, INVALID_SETTING */
  resume(partitions: readonly PartitionNumber[] | undefined): void {
    this.#check(partitions)
    const held = [...this.#feed.cursors.values()].filter((cursor) => this.isHeld(cursor))
    this.#paused.resume(partitions)
    this.#feed.receive(held.filter((cursor) => !this.isHeld(cursor)))
  }

  /** Another cursor takes the place of this one. */
  move(cursor: Cursor, offset: Offset): void {
    const { partition, end, owner } = cursor
    const moved = new Cursor(partition, { kind: 'OFFSET', value: offset }, end, owner)
    moved.started(offset, cursor.highWatermark)
    cursor.isLeft = true
    this.#feed.leave(cursor)
    this.#feed.place(moved)
  }

  #check(partitions: readonly PartitionNumber[] | undefined): void {
    if (this.#feed.cursors.size === 0) return
    const unknown = partitions?.find((one) => !this.#feed.cursors.has(one))
    if (unknown !== undefined) throw this.unknown(unknown)
  }

  unknown(partition: PartitionNumber): TailraceError {
    return new TailraceError('UNKNOWN_PARTITION', `Partition ${partition} of "${this.#feed.topic}" is not read here.`)
  }
}
