import type { Timestamp } from '@tailrace/schemas'
import type { StreamRecord } from './stream-record.ts'

/** When the forks of a deleted stream are looked at again: one may have gone without a word. */
export const FORKS_LOOK_MS = 60_000

/** When the stream is over; null: never. `readAt`: the last read. */
export function endOf({ ttl, expiresAt, touchedAt }: StreamRecord, readAt: Timestamp): Timestamp | null {
  const idle = ttl < 0 ? Number.POSITIVE_INFINITY : Math.max(touchedAt, readAt) + ttl * 1000
  const end = Math.min(idle, expiresAt < 0 ? Number.POSITIVE_INFINITY : expiresAt)
  return end === Number.POSITIVE_INFINITY ? null : Math.min(end, Number.MAX_SAFE_INTEGER)
}

/** When a change of the stream is to be looked at, -1: never. */
export function dueOf(record: StreamRecord, readAt: Timestamp, now: Timestamp): Timestamp {
  if (record.deleted) return now + FORKS_LOOK_MS
  return endOf(record, readAt) ?? -1
}
