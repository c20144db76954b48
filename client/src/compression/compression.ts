import type { CompressionName, Decompressors } from '@tailrace/schemas'

/** What this platform can do; one implementation for Node, one for browsers (package.json, "imports"). */
export interface CompressionCodecs {
  /** The compressions that batches can be written with. */
  readonly writes: readonly CompressionName[]
  /** Compresses the records of a batch as one blob. Without those whose code is not loaded yet. */
  readonly compressors: Partial<Record<CompressionName, (records: Uint8Array) => Uint8Array>>
  /** By compression number. Each throws rather than give more than the bytes that it is allowed. */
  readonly decompressors: Decompressors
  /**
   * Loads the code of a compression, by its number; undefined where there is nothing to wait for.
   * @throws TailraceError UNSUPPORTED_COMPRESSION: it cannot be loaded
   */
  load(compression: number): Promise<void> | undefined
}
