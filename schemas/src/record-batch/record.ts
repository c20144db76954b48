import type { Offset, Timestamp } from '../ids.ts'

/** What a producer gives. Strings are written as UTF-8; one with half of a surrogate pair is refused. */
export interface RecordInput {
  /** Milliseconds since 1970. */
  readonly timestamp: Timestamp
  readonly key: Uint8Array | string | null
  readonly value: Uint8Array | string | null
  readonly headers?: readonly HeaderInput[]
}
export type HeaderInput = readonly [name: string, value: Uint8Array | string | null]

/**
 * What a consumer gets. `key`, `value` and header values are views into the batch (or into its decompressed records).
 */
export interface DecodedRecord {
  readonly offset: Offset
  readonly timestamp: Timestamp
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly DecodedHeader[]
}
export type DecodedHeader = readonly [name: string, value: Uint8Array | null]
