import type { PartitionNumber } from '@tailrace/schemas'
import { batchesOf } from './feed/batch-source.ts'
import type { Feed } from './feed/feed.ts'
import type { ReceivedBatch } from './feed/received-batch.ts'
import { type Lag, lagOf } from './lag.ts'
import type { Positions } from './positions.ts'
import type { OnUnreadable } from './readable-records.ts'
import { ReadyIterator } from './ready-iterator.ts'
import type { ConsumerRecord, RecordMaker } from './record.ts'
import { RecordSupply } from './record-supply.ts'
import { RecordsBatch } from './records-batch.ts'
import type { Place } from './seek-place.ts'

/**
 * The records of a topic from a start on, without end unless it was given one. Receiving begins when the first record
 * is asked for, or `ready` is called; before that it holds nothing. Iterate over it, or over `batches()`, but not over
 * both, and not twice. Leaving the loop closes it. The loop's body holds up the brokers: no more than maxBufferedBytes
 * are received ahead of it.
 */
export class Subscription<Data> implements AsyncIterable<ConsumerRecord<Data>> {
  readonly topic: string
  readonly #feed: Feed
  readonly #make: RecordMaker<Data>
  readonly #onUnreadable: OnUnreadable

  constructor(topic: string, feed: Feed, make: RecordMaker<Data>, onUnreadable: OnUnreadable) {
    this.#onUnreadable = onUnreadable
    this.topic = topic
    this.#feed = feed
    this.#make = make
  }

  /**
   * @throws TailraceError (from `next`) OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, UNKNOWN_PARTITION, INVALID_RECORD (not
   * text), UNSUPPORTED_COMPRESSION, INVALID_BATCH, STORAGE_CORRUPT, ABORTED. Errors that can pass are waited out. A
   * record that cannot be read is reported with its `place`, behind the records before it.
   */
  [Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord<Data>, undefined> {
    return new ReadyIterator(new RecordSupply(this.#feed, (received) => this.#batchOf(received)))
  }

  /**
   * The same as batches: far less work for each record. The memory of a batch is free for more when the next one is
   * asked for.
   */
  batches(): AsyncGenerator<RecordsBatch<Data>, undefined> {
    return batchesOf(this.#feed, (received) => this.#batchOf(received))
  }

  /**
   * Resolves when the first offset of every partition is known: all records published from now on will be read, also
   * from 'latest'.
   */
  ready(): Promise<void> {
    return this.#feed.whenStarted()
  }

  /**
   * The next offset of each partition that has not been handed out: where a later subscription goes on (`from`), also
   * by way of JSON.
   */
  position(): Positions {
    return this.#feed.positions
  }

  /** As the brokers last told it: with every delivery and on each change. */
  lag(): Lag {
    return lagOf(this.#feed)
  }

  /**
   * Hands out nothing of these partitions, or of all, also later ones, from now on until `resume`. What was received of
   * them is dropped and asked for again then, so they take no memory. A loop with an end waits for them.
   * @throws TailraceError UNKNOWN_PARTITION, INVALID_SETTING
   */
  pause(partitions?: readonly PartitionNumber[]): void {
    this.#feed.moves.pause(partitions)
  }

  /** Goes on where `pause` has interrupted. @throws TailraceError UNKNOWN_PARTITION, INVALID_SETTING */
  resume(partitions?: readonly PartitionNumber[]): void {
    this.#feed.moves.resume(partitions)
  }

  /** The partitions that are paused. */
  get paused(): readonly PartitionNumber[] {
    return this.#feed.moves.paused
  }

  /**
   * Reads on from another place of a partition, backwards or forwards; a paused one stays paused. When it resolves the
   * position is there, and no further record comes from the former place; until then some may. Begins to receive.
   * @throws TailraceError OFFSET_OUT_OF_RANGE, UNKNOWN_PARTITION, INVALID_SETTING: the loop goes on where it was; what
   * ended the loop meanwhile, CLOSED
   */
  async seek(place: Place): Promise<void> {
    await this.#feed.seek({ ...place })
  }

  /** Ends the loop. Records that are not read are dropped. */
  async close(): Promise<void> {
    this.#feed.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #batchOf(received: ReceivedBatch): RecordsBatch<Data> {
    return new RecordsBatch(this.topic, received, this.#make, this.#onUnreadable)
  }
}
