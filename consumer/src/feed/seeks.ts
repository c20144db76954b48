import type { Client } from '@tailrace/client'
import { type Offset, type PartitionNumber, type Position, TailraceError } from '@tailrace/schemas'
import { findOffset } from '../find-offset.ts'
import { type Place, positionAt } from '../seek-place.ts'
import type { MovedFeed, Moves } from './moves.ts'

/** The feed that reads on from another place. */
export interface SeekingFeed extends MovedFeed {
  readonly topicId: string
  readonly isOver: boolean
  readonly moves: Moves
  whenStarted(): Promise<void>
}

/** Moves the partitions of a feed to places that are asked for. */
export class Seeks {
  readonly #feed: SeekingFeed
  readonly #client: Client
  readonly #ended: AbortSignal
  /** The last seek of each partition. */
  readonly #last = new Map<PartitionNumber, object>()

  constructor(feed: SeekingFeed, client: Client, ended: AbortSignal) {
    this.#feed = feed
    this.#client = client
    this.#ended = ended
  }

  /** @throws TailraceError OFFSET_OUT_OF_RANGE, UNKNOWN_PARTITION, INVALID_SETTING, CLOSED; what ended the feed */
  async seek(place: Place): Promise<void> {
    const position = positionAt(place)
    const { partition } = place
    const seek = {}
    this.#last.set(partition, seek)
    await this.#feed.whenStarted()
    if (!this.#feed.cursors.has(partition)) throw this.#feed.moves.unknown(partition)
    const offset = await this.#find(partition, position)
    // The last of several counts.
    if (this.#last.get(partition) !== seek) return
    this.#last.delete(partition)
    const cursor = this.#feed.cursors.get(partition)
    if (this.#feed.isOver || cursor === undefined) throw new TailraceError('CLOSED', 'The loop has ended.')
    this.#feed.moves.move(cursor, offset)
  }

  async #find(partition: PartitionNumber, position: Position): Promise<Offset> {
    const topic = { name: this.#feed.topic, id: this.#feed.topicId }
    return (await findOffset(this.#client, topic, partition, position, this.#ended)).offset
  }
}
