import type { LogIndex, Offset, Timestamp } from '@tailrace/schemas'
import type { SegmentStart } from '../../log/log-storage.ts'
import type { Retention, SegmentLimits } from '../group.ts'

export interface RetentionView {
  readonly segments: readonly SegmentStart[]
  /** Bytes of the whole log, including entries that no segment has yet. */
  readonly sizeBytes: number
  /** Entries up to here are committed and durable here: only those may be removed. */
  readonly settledIndex: LogIndex
  /** Records before it were deleted by somebody; 0: none. */
  readonly deletedBefore?: Offset
  readonly now: Timestamp
}

/**
 * The index before which a log may be cut, or null: whole segments, oldest first, while what remains is still `bytes`
 * long, or while their last entry was appended more than `ms` ago, or all their records are deleted. The timestamps of
 * records do not count: producers choose them.
 */
export function retentionCut({ bytes, ms }: Retention, view: RetentionView): LogIndex | null {
  const times = appendTimes(view)
  let cut: LogIndex | null = null
  let left = view.sizeBytes
  for (const [at, segment] of view.segments.entries()) {
    if (!segment.sealed || segment.last > view.settledIndex) break
    left -= segment.bytes
    const deleted = segment.endOffset <= (view.deletedBefore ?? 0)
    const tooMuch = bytes !== null && left >= bytes
    const tooOld = ms !== null && times[at]! < view.now - ms
    if (!deleted && !tooMuch && !tooOld) break
    cut = segment.last + 1
  }
  return cut
}

/**
 * A segment is at least as old as those after it, and none is of the future: so a clock that was wrong for a while
 * keeps nothing for long.
 */
function appendTimes({ segments, now }: RetentionView): number[] {
  const times: number[] = new Array(segments.length)
  let latest = now
  for (let at = segments.length - 1; at >= 0; at -= 1) {
    latest = Math.min(latest, segments[at]!.appendedAt)
    times[at] = latest
  }
  return times
}

/**
 * Of the time that records are kept, the part after which a growing segment is closed: a removal is late by this part
 * at most.
 */
const SEAL_FRACTION = 4

/**
 * Whether entries outside of closed segments must be put in one, so that they can be removed in time: a segment that
 * fills slowly would keep its oldest records permanently. `limits.ms`: sooner than retention needs it.
 */
export function mustSeal(
  { ms }: Retention,
  limits: SegmentLimits,
  { segments }: Pick<RetentionView, 'segments'>,
  lastIndex: LogIndex,
  sinceSealMs: number,
): boolean {
  const byRetention = ms === null ? Number.POSITIVE_INFINITY : ms / SEAL_FRACTION
  if (sinceSealMs < Math.min(byRetention, limits.ms ?? Number.POSITIVE_INFINITY)) return false
  const newest = segments.at(-1)
  return newest === undefined ? lastIndex > 0 : !newest.sealed || newest.last < lastIndex
}

/** Whether a growing segment must be closed because all its records are deleted. */
export function holdsOnlyDeleted({
  segments,
  deletedBefore = 0,
}: Pick<RetentionView, 'segments' | 'deletedBefore'>): boolean {
  const newest = segments.at(-1)
  return (
    newest !== undefined && !newest.sealed && newest.endOffset > newest.baseOffset && newest.endOffset <= deletedBefore
  )
}
