import { crc32c } from '@tailrace/client'
import * as schemas from '@tailrace/schemas'

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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setBigInt64(schemas.PRODUCER_ID_AT, BigInt(identity.producerId))
  view.setInt16(schemas.PRODUCER_EPOCH_AT, identity.epoch)
  view.setInt32(schemas.BASE_SEQUENCE_AT, baseSequence)
  view.setUint32(schemas.CRC_AT, crc32c(bytes, schemas.ATTRIBUTES_AT, bytes.length))
}
