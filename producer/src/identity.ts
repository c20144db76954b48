import { crc32c } from '@tailrace/client'
import { stampProducer } from '@tailrace/schemas'

/** The identity under which a partition's batches are sent. Sequences count per identity and partition. */
export interface Identity {
  readonly producerId: number
  readonly epoch: number
}

/**
 * The sequence that follows `count` records from `sequence` on: after 2^31-1 comes 0 (Kafka:
 * DefaultRecordBatch.incrementSequence).
 */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31
}

/**
 * Gives a finished batch another identity and sequence. Only for a batch that no broker has, or can still receive,
 * under the old one: each record would be in the log twice.
 */
export function restamp(bytes: Uint8Array, identity: Identity, baseSequence: number): void {
  stampProducer(bytes, { producerId: identity.producerId, producerEpoch: identity.epoch, baseSequence }, crc32c)
}
