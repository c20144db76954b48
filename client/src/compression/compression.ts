import type { CompressionName, Decompressors } from '@tailrace/schemas'

/** What this platform can do; one implementation for Node, one for browsers (package.json, "imports"). */
export interface CompressionCodecs {
  /** Compresses the records of a batch as one blob. */
  readonly compressors: Partial<Record<CompressionName, (records: Uint8Array) => Uint8Array>>
  /** By compression number. Each throws rather than give more than the bytes that it is allowed. */
  readonly decompressors: Decompressors
}
