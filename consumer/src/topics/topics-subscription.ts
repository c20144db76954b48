import { batchesOf } from '../feed/batch-source.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import type { OnUnreadable } from '../readable-records.ts'
import { ReadyIterator } from '../ready-iterator.ts'
import type { ConsumerRecord, RecordMaker } from '../record.ts'
import { RecordSupply } from '../record-supply.ts'
import { RecordsBatch } from '../records-batch.ts'
import type { TopicPositions } from './topic-positions.ts'
import type { TopicPart, TopicPlace, TopicsLag, TopicsSource } from './topics-source.ts'

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
    return new ReadyIterator(new RecordSupply(this.#feeds, (received) => this.#batchOf(received)))
  }

  /** The same as batches: far less work for each record. */
  batches(): AsyncGenerator<RecordsBatch<Data>, undefined> {
    return batchesOf(this.#feeds, (received) => this.#batchOf(received))
  }

  /** The topics that are read at present. */
  get topics(): readonly string[] {
    return this.#feeds.topics
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
    return this.#feeds.lag
  }

  /**
   * Hands out nothing of these topics or partitions, or of all, also of topics that come later, until `resume`.
   * @throws TailraceError UNKNOWN_TOPIC, UNKNOWN_PARTITION: it is not read here
   */
  pause(parts?: readonly TopicPart[]): void {
    this.#feeds.pause(parts)
  }

  /** @throws TailraceError as {@link pause} */
  resume(parts?: readonly TopicPart[]): void {
    this.#feeds.resume(parts)
  }

  /** The partitions that are paused. */
  get paused(): readonly { readonly topic: string; readonly partition: number }[] {
    return this.#feeds.paused
  }

  /** As `seek` of a subscription of one topic. @throws TailraceError UNKNOWN_TOPIC, and what that throws */
  seek(place: TopicPlace): Promise<void> {
    return this.#feeds.seek(place)
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
