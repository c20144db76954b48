import {
  attributesAt,
  batchEnd,
  COMPRESSION_MASK,
  endOffsetAt,
  type Offset,
  readRecords,
  unreadableAt,
} from '@tailrace/schemas'
import type { FetchResult } from '../../partition/requests.ts'
import { decompressors, maxJsonBatchBytes } from './decompress.ts'
import { type JsonRecord, recordToJson } from './record.ts'

export interface JsonRun {
  readonly records: JsonRecord[]
  /** Where to read on: behind the last batch that was decoded. */
  readonly nextOffset: Offset
}

/** A byte that is a control character: \u0000. */
const mostCharactersOfByte = 6

/** The largest size that these batches may have as JSON, without a look into them. `maxBytes` as for `readRun`. */
export function mostJsonBytes(batches: readonly Uint8Array[], maxBytes: number): number {
  let bytes = 0
  for (const piece of batches) {
    for (let start = 0, end = 0; start < piece.length && bytes < maxBytes; start = end) {
      end = batchEnd(piece, start)
      bytes += (attributesAt(piece, start) & COMPRESSION_MASK) === 0 ? end - start : maxJsonBatchBytes
    }
  }
  return mostCharactersOfByte * bytes
}

/**
 * The records from `offset` on and before `end`, as JSON. Stops behind the batch that takes keys and values past
 * `maxBytes`: compressed batches may hold far more than was fetched. Stops before a record that cannot be read; if that
 * is the first one it throws UNSUPPORTED_COMPRESSION or INVALID_BATCH, with the offset behind it.
 */
export function readRun(
  result: Pick<FetchResult, 'batches' | 'nextOffset'>,
  offset: Offset,
  maxBytes: number,
  end: Offset = Number.POSITIVE_INFINITY,
): JsonRun {
  const records: JsonRecord[] = []
  let bytes = 0
  let next = offset
  for (const piece of result.batches) {
    // A piece from another broker may hold several batches back to back.
    for (let start = 0; start < piece.length; start = batchEnd(piece, start)) {
      if (bytes >= maxBytes || next >= end) return { records, nextOffset: next }
      try {
        readRecords(piece, start, decompressors, (record) => {
          if (record.offset < offset || record.offset >= end) return
          next = record.offset + 1
          bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
          records.push(recordToJson(record))
        })
      } catch (error) {
        if (records.length > 0) return { records, nextOffset: next }
        throw unreadableAt(error, { offset: next, nextOffset: endOffsetAt(piece, start) })
      }
    }
  }
  return { records, nextOffset: Math.max(Math.min(result.nextOffset, end), offset) }
}
