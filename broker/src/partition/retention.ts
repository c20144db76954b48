import type { LogIndex, Timestamp } from '@tailrace/schemas'
import type { SegmentStart } from '../log/types.ts'
import type { Retention } from './types.ts'

export interface RetentionView {
  readonly segments: readonly SegmentStart[]
  /** Bytes of the whole log, also of what no segment has yet. */
  readonly sizeBytes: number
  /** Entries up to here are committed and durable here: only those may go. */
  readonly settledIndex: LogIndex
  readonly now: Timestamp
}

/**
 * The index before which a log may be cut, or null: whole segments, oldest first, while what remains is still `bytes` long, or while their youngest
 * record is older than `ms`. (A segment without records has no age; it goes with what is after it by bytes, and by age at once.)
 */
export function retentionCut({ bytes, ms }: Retention, view: RetentionView): LogIndex | null {
  let cut: LogIndex | null = null
  let left = view.sizeBytes
  for (const segment of view.segments) {
    if (!segment.sealed || segment.last > view.settledIndex) break
    left -= segment.bytes
    const tooMuch = bytes !== null && left >= bytes
    const tooOld = ms !== null && segment.maxTimestamp < view.now - ms
    if (!tooMuch && !tooOld) break
    cut = segment.last + 1
  }
  return cut
}

/** Of the time that records are kept, the part after which a growing segment is closed: what goes is late by this much at most. */
const SEAL_FRACTION = 4

/** Whether what is not in a closed segment must be put in one, so that it can go in time: a segment that fills slowly would keep its oldest records for ever. */
export function mustSeal(
  { ms }: Retention,
  { segments }: Pick<RetentionView, 'segments'>,
  lastIndex: LogIndex,
  sinceSealMs: number,
): boolean {
  if (ms === null || sinceSealMs < ms / SEAL_FRACTION) return false
  const newest = segments.at(-1)
  return newest === undefined ? lastIndex > 0 : !newest.sealed || newest.last < lastIndex
}
