import { batchesOf } from '../feed/batch-source.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import { type Lag, lagOf } from '../lag.ts'
import type { OnUnreadable } from '../readable-records.ts'
import type { ConsumerRecord, RecordMaker } from '../record.ts'
import { RecordIterator } from '../record-iterator.ts'
import { RecordsBatch } from '../records-batch.ts'
import { type Place, positionAt } from '../seek-place.ts'
import type { TopicPositions } from './topic-positions.ts'
import type { TopicsSource } from './topics-source.ts'

/** A place in a partition of a topic. */
export interface TopicPlace extends Place {
  readonly topic: string
}

/** A partition of a topic; without `partition` all of them, also those that are added later. */
export interface TopicPart {
  readonly topic: string
  readonly partition?: number
}

/** Records by which the reader is behind. */
export interface TopicsLag {
  readonly total: number
  readonly topics: ReadonlyMap<string, Lag>
}

/**
 * The records of several topics; a record's `topic` says of which. As a subscription of one topic: iterate over it, or
 * over `batches()`, once; leaving the loop closes it; no more than maxBufferedBytes are received ahead of it, over all
 * topics.
 */
export class TopicsSubscription<Data> implements AsyncIterable<ConsumerRecord<Data>> {
  readonly #feeds: TopicsSource
  readonly #make: RecordMaker<Data>
  readonly #onUnreadable: OnUnreadable

  constructor(feeds: TopicsSource, make: RecordMaker<Data>, onUnreadable: OnUnreadable) {
    this.#feeds = feeds
    this.#make = make
    this.#onUnreadable = onUnreadable
  }

  /**
   * @throws TailraceError (from `next`) as a subscription of one topic; a topic that a pattern matches and that is
   * deleted is no error
   */
  [Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<Data>, undefined> {
    return new RecordIterator(this.#feeds, (received) => this.#batchOf(received))
  }

  /** The same as batches: far less work for each record. */
  batches(): AsyncGenerator<RecordsBatch<Data>, undefined> {
    return batchesOf(this.#feeds, (received) => this.#batchOf(received))
  }

  /** The topics that are read at present. */
  get topics(): readonly string[] {
    return [...this.#feeds.feeds.keys()]
  }

  /** Resolves when the first offset of every partition of the topics that there are is known. */
  ready(): Promise<void> {
    return this.#feeds.whenStarted()
  }

  /** Where a later subscription goes on (`from`), also by way of JSON. */
  position(): TopicPositions {
    return this.#feeds.positions
  }

  /** As the brokers last told it. */
  lag(): TopicsLag {
    const topics = new Map([...this.#feeds.feeds].map(([topic, feed]) => [topic, lagOf(feed)]))
    return { total: [...topics.values()].reduce((sum, { total }) => sum + total, 0), topics }
  }

  /**
   * Hands out nothing of these topics or partitions, or of all, also of topics that come later, until `resume`.
   * @throws TailraceError UNKNOWN_TOPIC, UNKNOWN_PARTITION: it is not read here
   */
  pause(parts?: readonly TopicPart[]): void {
    if (parts === undefined) this.#feeds.pause()
    for (const { topic, partition } of parts ?? []) this.#feeds.feedOf(topic).moves.pause(listOf(partition))
  }

  /** @throws TailraceError as {@link pause} */
  resume(parts?: readonly TopicPart[]): void {
    if (parts === undefined) this.#feeds.resume()
    for (const { topic, partition } of parts ?? []) this.#feeds.feedOf(topic).moves.resume(listOf(partition))
  }

  /** The partitions that are paused. */
  get paused(): readonly { readonly topic: string; readonly partition: number }[] {
    const pausedOf = ([topic, { moves }]: [string, { readonly moves: { readonly paused: readonly number[] } }]) =>
      moves.paused.map((partition) => ({ topic, partition }))
    return [...this.#feeds.feeds].flatMap(pausedOf)
  }

  /** As `seek` of a subscription of one topic. @throws TailraceError UNKNOWN_TOPIC, and what that throws */
  async seek({ topic, ...place }: TopicPlace): Promise<void> {
    const position = positionAt(place)
    await this.#feeds.whenStarted()
    await this.#feeds.feedOf(topic).moves.seek(place.partition, position)
  }

  /** Ends the loop. Records that are not read are dropped. */
  async close(): Promise<void> {
    this.#feeds.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #batchOf(received: ReceivedBatch): RecordsBatch<Data> {
    return new RecordsBatch(received.cursor.owner!.topic, received, this.#make, this.#onUnreadable)
  }
}

function listOf(partition: number | undefined): readonly number[] | undefined {
  return partition === undefined ? undefined : [partition]
}
