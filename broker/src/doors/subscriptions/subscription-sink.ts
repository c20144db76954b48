import type { Offset, PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { Delivery } from '../standing/delivery.ts'

export interface ResolvedPartition {
  readonly partition: PartitionNumber
  readonly offset: Offset
  readonly highWatermark: Offset
}

/** The bounds of a partition, for a reader outside of it at `offset`. */
export interface OutOfRange {
  readonly offset: Offset
  readonly logStart: Offset
  readonly highWatermark: Offset
}

/** The form in which a subscriber gets records: binary frames or JSON. */
export interface SubscriptionSink {
  /** The request of one fetch. */
  readonly fetchBytes: number
  /**
   * Called before any records of these partitions of the topic with this id, and again for a partition that had no
   * leader at first.
   */
  subscribed(partitions: readonly ResolvedPartition[], topicId: string): void
  /** Sends what a read has brought. Returns the credit used and how far it came; the rest is fetched again. */
  records(partition: PartitionNumber, delivery: Delivery): { bytes: number; nextOffset: Offset }
  /** A partition, or with null the whole subscription, has ended. */
  ended(partition: PartitionNumber | null, error: TailraceError, range?: OutOfRange): void
}
