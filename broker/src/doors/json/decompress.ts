import { Compression, type Decompressors } from '@tailrace/schemas'
import { decompressors as codecs } from '../../platform/decompressors.ts'

/**
 * The most that one batch may decompress to for JSON, far below what binary readers take: as JSON a byte can become six
 * characters, and while they are made the broker does nothing else. Leaders take no more than this either, where a
 * topic's batches have their default limit.
 */
export const maxJsonBatchBytes = 4 * 1024 * 1024

/** The codecs with which a broker decompresses records to show them as JSON; batches for programs stay compressed. */
export const decompressors: Decompressors = {
  [Compression.gzip]: (bytes) => codecs[Compression.gzip]!(bytes, maxJsonBatchBytes),
  [Compression.zstd]: (bytes) => codecs[Compression.zstd]!(bytes, maxJsonBatchBytes),
}
