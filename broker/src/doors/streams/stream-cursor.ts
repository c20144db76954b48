import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'

/** Intervals of 20 s since 9 October 2024, as the protocol counts them. */
const INTERVAL_MS = 20_000
const EPOCH = Date.UTC(2024, 9, 9)
/** A client that is ahead goes on by so many seconds at most. */
const MOST_AHEAD_SECONDS = 3600

/**
 * The cursor of an answer to a live read: with it in the next address no cache answers with what is old. It is above
 * the one that the client sends.
 */
export function cursorAfter(sent: string | undefined, { clock, random }: { clock: Clock; random: Random }): string {
  const now = Math.floor((clock.now() - EPOCH) / INTERVAL_MS)
  const last = sent !== undefined && /^\d{1,15}$/.test(sent) ? Number(sent) : -1
  if (last < now) return String(now)
  const seconds = 1 + random.below(MOST_AHEAD_SECONDS)
  return String(last + Math.max(1, Math.ceil((seconds * 1000) / INTERVAL_MS)))
}
