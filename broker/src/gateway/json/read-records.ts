import { batchEnd, readRecords } from '@tailrace/schemas'
import type { Offset } from '@tailrace/schemas'
import type { FetchResult } from '../../partition/requests.ts'
import { decompressors } from './decompress.ts'
import { type JsonRecord, recordToJson } from './record.ts'

export interface JsonRun {
  readonly records: JsonRecord[]
  /** Where to read on: behind the last batch that was decoded. */
  readonly nextOffset: Offset
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
