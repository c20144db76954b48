import type { Offset, ProducerId, Term, Timestamp } from '../ids.ts'
import { TailraceError } from '../tailrace-error.ts'
import * as layout from './layout.ts'
import { int16At, int32At, safeInt64At, uint32At, writeInt32, writeInt64 } from './numbers.ts'

export interface BatchHeader {
  readonly baseOffset: Offset
  /** Length of the whole batch, header included. */
  readonly batchBytes: number
  /** The Raft term under which the batch was appended; before that, any value that the producer wrote. */
  readonly leaderEpoch: Term
  readonly magic: number
  readonly crc: number
  readonly attributes: number
  /** One of `Compression`, or 5 to 7 when the producer is of a later version. */
  readonly compression: number
  readonly isControl: boolean
  readonly isTransactional: boolean
  readonly lastOffsetDelta: number
  readonly lastOffset: Offset
  readonly baseTimestamp: Timestamp
  readonly maxTimestamp: Timestamp
  readonly producerId: ProducerId
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordsCount: number
}

/**
 * Reads the header of the batch that starts at `at`. The batch's body need not be there; only what reading needs is
 * checked.
 * @throws TailraceError INVALID_BATCH when fewer than 61 bytes are left or a 64-bit field is no safe integer.
 */
export function readBatchHeader(bytes: Uint8Array, at = 0): BatchHeader {
  if (at < 0 || bytes.length - at < layout.BATCH_HEADER_BYTES) {
    throw new TailraceError(
      'INVALID_BATCH',
      `A batch header takes 61 bytes, ${Math.max(0, bytes.length - at)} are left.`,
    )
  }
  const baseOffset = baseOffsetAt(bytes, at)
  const attributes = attributesAt(bytes, at)
  const lastOffsetDelta = lastOffsetDeltaAt(bytes, at)
  return {
    baseOffset,
    batchBytes: batchBytesAt(bytes, at),
    leaderEpoch: leaderEpochAt(bytes, at),
    magic: bytes[at + layout.MAGIC_AT]!,
    crc: crcAt(bytes, at),
    attributes,
    compression: attributes & layout.COMPRESSION_MASK,
    isControl: (attributes & layout.CONTROL_BIT) !== 0,
    isTransactional: (attributes & layout.TRANSACTIONAL_BIT) !== 0,
    lastOffsetDelta,
    lastOffset: baseOffset + lastOffsetDelta,
    baseTimestamp: baseTimestampAt(bytes, at),
    maxTimestamp: maxTimestampAt(bytes, at),
    producerId: producerIdAt(bytes, at),
    producerEpoch: producerEpochAt(bytes, at),
    baseSequence: baseSequenceAt(bytes, at),
    recordsCount: recordsCountAt(bytes, at),
  }
}

// Single fields of the batch at `at`, for hot paths: no object, no view. The caller knows that 61 bytes are there.
// A 64-bit field outside the safe integers throws INVALID_BATCH.

/** Length of the whole batch. Less than 61 means garbage; the caller checks. */
export function batchBytesAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + layout.BATCH_LENGTH_AT) + layout.LENGTH_PREFIX_BYTES
}

export function baseOffsetAt(bytes: Uint8Array, at: number): Offset {
  return safeInt64At(bytes, at + layout.BASE_OFFSET_AT, 'baseOffset')
}

export function leaderEpochAt(bytes: Uint8Array, at: number): Term {
  return int32At(bytes, at + layout.LEADER_EPOCH_AT)
}

export function crcAt(bytes: Uint8Array, at: number): number {
  return uint32At(bytes, at + layout.CRC_AT)
}

export function attributesAt(bytes: Uint8Array, at: number): number {
  return int16At(bytes, at + layout.ATTRIBUTES_AT)
}

/** Its number, as in Compression. */
export function compressionAt(bytes: Uint8Array, at: number): number {
  return attributesAt(bytes, at) & layout.COMPRESSION_MASK
}

export function lastOffsetDeltaAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + layout.LAST_OFFSET_DELTA_AT)
}

/** One more than the offset of the last record. */
export function endOffsetAt(bytes: Uint8Array, at: number): Offset {
  return baseOffsetAt(bytes, at) + lastOffsetDeltaAt(bytes, at) + 1
}

export function baseTimestampAt(bytes: Uint8Array, at: number): Timestamp {
  return safeInt64At(bytes, at + layout.BASE_TIMESTAMP_AT, 'baseTimestamp')
}

export function maxTimestampAt(bytes: Uint8Array, at: number): Timestamp {
  return safeInt64At(bytes, at + layout.MAX_TIMESTAMP_AT, 'maxTimestamp')
}

export function producerIdAt(bytes: Uint8Array, at: number): ProducerId {
  return safeInt64At(bytes, at + layout.PRODUCER_ID_AT, 'producerId')
}

export function producerEpochAt(bytes: Uint8Array, at: number): number {
  return int16At(bytes, at + layout.PRODUCER_EPOCH_AT)
}

export function baseSequenceAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + layout.BASE_SEQUENCE_AT)
}

export function recordsCountAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at + layout.RECORDS_COUNT_AT)
}

/** Writes the only two fields that a broker writes. The CRC does not cover them, so it stays valid. */
export function placeBatch(bytes: Uint8Array, at: number, baseOffset: Offset, term: Term): void {
  writeInt64(bytes, at + layout.BASE_OFFSET_AT, baseOffset)
  writeInt32(bytes, at + layout.LEADER_EPOCH_AT, term)
}
