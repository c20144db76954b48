import type { EntryHeader, LogIndex } from '@tailrace/schemas'
import {
  baseOffsetAt,
  EntryKind,
  entryKindAt,
  lastOffsetDeltaAt,
  leaderEpochAt,
  TailraceError,
} from '@tailrace/schemas'

/**
 * The header of the entry whose batch is bytes[at, end). Nothing but the index has to be stored beside a batch
 * (docs/design.md).
 * @throws TailraceError INVALID_BATCH for a control batch of no known kind
 */
export function entryHeaderAt(bytes: Uint8Array, at: number, end: number, index: LogIndex): EntryHeader {
  const kind = entryKindAt(bytes, at)
  const baseOffset = baseOffsetAt(bytes, at)
  const lastOffset = kind === EntryKind.Records ? baseOffset + lastOffsetDeltaAt(bytes, at) : baseOffset - 1
  return { index, term: leaderEpochAt(bytes, at), kind, baseOffset, lastOffset, bytes: end - at }
}

/** Null for a control batch of no known kind. */
export function headerOrNull(bytes: Uint8Array, at: number, end: number, index: LogIndex): EntryHeader | null {
  try {
    return entryHeaderAt(bytes, at, end, index)
  } catch (error) {
    if (error instanceof TailraceError) return null
    throw error
  }
}
