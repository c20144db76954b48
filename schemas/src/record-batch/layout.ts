/**
 * Kafka's RecordBatch v2, byte for byte (Kafka: DefaultRecordBatch.java). All numbers are big-endian. The CRC covers
 * bytes 21 to the end; of the bytes before it a broker writes baseOffset and leaderEpoch, and nothing else.
 */
export const BASE_OFFSET_AT = 0
export const BATCH_LENGTH_AT = 8
/** The Raft term in Tailrace; "partitionLeaderEpoch" in Kafka. */
export const LEADER_EPOCH_AT = 12
export const MAGIC_AT = 16
export const CRC_AT = 17
export const ATTRIBUTES_AT = 21
export const LAST_OFFSET_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
export const PRODUCER_ID_AT = 43
export const PRODUCER_EPOCH_AT = 51
export const BASE_SEQUENCE_AT = 53
export const RECORDS_COUNT_AT = 57
export const RECORDS_AT = 61

/** The smallest batch: a header without records. */
export const BATCH_HEADER_BYTES = 61
/** batchLength counts the bytes after itself: a batch is batchLength + 12 bytes long. */
export const LENGTH_PREFIX_BYTES = 12
export const MAGIC_V2 = 2
/** A record is at least: length, attributes, timestamp delta, offset delta, key length, value length, header count. */
export const MIN_RECORD_BYTES = 7

export const COMPRESSION_MASK = 0x07
export const LOG_APPEND_TIME_BIT = 0x08
export const TRANSACTIONAL_BIT = 0x10
export const CONTROL_BIT = 0x20
/** Only Kafka's log cleaner sets it: baseTimestamp then holds the time from which on tombstones may be removed. */
export const DELETE_HORIZON_BIT = 0x40

/** The number in attribute bits 0 to 2. */
export const Compression = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
export type CompressionName = keyof typeof Compression
export type CompressionNumber = (typeof Compression)[CompressionName]

/** The name of a compression number, or undefined for one that does not exist. */
export function compressionName(compression: number): CompressionName | undefined {
  return compressionNames[compression]
}
const compressionNames = Object.keys(Compression) as CompressionName[]
