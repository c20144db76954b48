import { type PartitionNumber, recordsCountAt } from '@tailrace/schemas'
import type { ReceivedBatch } from './received-batch.ts'

/** What a consumer has received since it was made, and what it is at. */
export interface ConsumerCounters {
  /** Received: records, their batches, and the bytes of these as they came. */
  readonly records: number
  readonly batches: number
  readonly bytes: number
  /** Streams of records that ended before their time and were opened again, perhaps at another broker. */
  readonly retries: number
  /** Subscriptions that ended with an error. */
  readonly errors: number
  /** Those that receive now: one for each loop, and one for each partition that a group has here. */
  readonly subscriptions: number
  /** Bytes that were received and are not read yet. */
  readonly bufferedBytes: number
  /** Records by which all of them are behind, as brokers last told. */
  readonly lag: number
}

/** One that is counted while it receives. */
export interface CountedFeed {
  readonly bufferedBytes: number
  readonly cursors: ReadonlyMap<PartitionNumber, { readonly lag: number }>
}

/** Counted once a batch, by the feeds of a consumer and of its groups. */
export class ReceivedCounts {
  retries = 0
  errors = 0
  readonly feeds = new Set<CountedFeed>()
  #records = 0
  #batches = 0
  #bytes = 0

  received({ bytes, start, end, firstOffset, lastOffset }: ReceivedBatch): void {
    this.#records += Math.min(recordsCountAt(bytes, start), lastOffset - firstOffset + 1)
    this.#batches++
    this.#bytes += end - start
  }

  get counters(): ConsumerCounters {
    let [bufferedBytes, lag] = [0, 0]
    for (const feed of this.feeds) {
      bufferedBytes += feed.bufferedBytes
      for (const cursor of feed.cursors.values()) lag += cursor.lag
    }
    const { retries, errors } = this
    const subscriptions = this.feeds.size
    return {
      records: this.#records,
      batches: this.#batches,
      bytes: this.#bytes,
      retries,
      errors,
      subscriptions,
      bufferedBytes,
      lag,
    }
  }
}
