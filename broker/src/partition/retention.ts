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

/** Whether the segment that grows holds nothing but what is too old: it must be sealed before it can go. */
export function mustSeal({ ms }: Retention, { segments, settledIndex, now }: RetentionView): boolean {
  const growing = segments.at(-1)
  if (ms === null || growing === undefined || growing.sealed || growing.last > settledIndex) return false
  return growing.maxTimestamp >= 0 && growing.maxTimestamp < now - ms
}
