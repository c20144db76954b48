import { attributesAt, batchEnd, COMPRESSION_MASK, type Offset, readRecords } from '@tailrace/schemas'
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

/** What these batches may become as JSON, at most, without a look into them. `maxBytes` as for `readRun`. */
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
 * The records from `offset` on, as JSON. Stops behind the batch that takes keys and values past `maxBytes`: compressed batches may hold far more
 * than was fetched. Throws UNSUPPORTED_COMPRESSION, or INVALID_BATCH for what a producer compressed badly.
 */
export function readRun(
  result: Pick<FetchResult, 'batches' | 'nextOffset'>,
  offset: Offset,
  maxBytes: number,
): JsonRun {
  const records: JsonRecord[] = []
  let bytes = 0
  let last = offset - 1
  for (const piece of result.batches) {
    // A piece from another broker may hold several batches back to back.
    for (let start = 0; start < piece.length; start = batchEnd(piece, start)) {
      if (bytes >= maxBytes) return { records, nextOffset: last + 1 }
      readRecords(piece, start, decompressors, (record) => {
        last = record.offset
        if (record.offset < offset) return
        bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
        records.push(recordToJson(record))
      })
    }
  }
  return { records, nextOffset: Math.max(result.nextOffset, offset) }
}
