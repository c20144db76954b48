import type { Offset, TailraceError } from '@tailrace/schemas'
import type { Cursor } from './cursor.ts'
import { PATIENCE_MS } from './wanted-topic.ts'

/** Answers of a broker that is behind. */
const lagging = new Set(['UNKNOWN_TOPIC', 'TOPIC_ID_MISMATCH', 'UNKNOWN_PARTITION'])

/**
 * Whether a refusal of level 0 that is final elsewhere may pass by asking again, or has been dealt with. `logStart`:
 * where the partition begins, if the broker said so; else -1.
 */
export function mayPass(
  cursor: Cursor,
  error: TailraceError,
  { logStart, onOutOfRange, now }: { logStart: Offset; onOutOfRange: 'fail' | 'earliest' | 'latest'; now: number },
): boolean {
  if (cursor.refusedSince === 0) cursor.refusedSince = now
  const isOutOfRange = error.code === 'OFFSET_OUT_OF_RANGE'
  // An offset that follows records already read exists or has been deleted: a broker that refuses it as past its end
  // is behind. A start may simply be wrong.
  const isGone = cursor.wanted.value < logStart
  const mayLag = isOutOfRange ? cursor.position !== undefined && !isGone : lagging.has(error.code)
  if (mayLag && now - cursor.refusedSince < PATIENCE_MS) return true
  if (!isOutOfRange || onOutOfRange === 'fail') return false
  cursor.restart({ kind: onOutOfRange === 'earliest' ? 'EARLIEST' : 'LATEST', value: 0 })
  return true
}
