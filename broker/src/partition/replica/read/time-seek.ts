import { type Offset, readRecords, TailraceError, type Timestamp } from '@tailrace/schemas'
import { decompressors } from '../../../platform/decompressors.ts'

/**
 * The first record of a batch that is at or after `time`: the log knows only which batch holds it. `base`, the batch's
 * first offset, where the batch cannot be read here: its reader will be told why.
 */
export function firstOffsetAt(batch: Uint8Array | undefined, base: Offset, time: Timestamp): Offset {
  if (batch === undefined) return base
  let found: Offset | undefined
  try {
    readRecords(batch, 0, decompressors, ({ offset, timestamp }) => {
      if (timestamp >= time && offset >= base) found ??= offset
    })
  } catch (error) {
    if (!(error instanceof TailraceError)) throw error
  }
  return found ?? base
}
