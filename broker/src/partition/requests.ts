import type { Offset } from '@tailrace/schemas'

export interface PublishResult {
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  /** The batch was in the log already; the offsets are the original ones (idempotence). */
  readonly duplicate: boolean
}

export interface FetchRequest {
  readonly offset: Offset
  readonly maxBytes: number
  readonly waitMs: number
  readonly signal?: AbortSignal
}

export interface FetchResult {
  readonly batches: readonly Uint8Array[]
  readonly bytes: number
  readonly nextOffset: Offset
  readonly highWatermark: Offset
  readonly logStart: Offset
}

export interface OffsetResult {
  readonly offset: Offset
  readonly highWatermark: Offset
  readonly logStart: Offset
}
