import type { Random } from '../../platform/random.ts'
import type { SubscriptionRecord, Wake } from './subscription-record.ts'

/** Between two attempts to deliver: at first, and at most. A fifth of it is random. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** Between two looks at what may not be read. */
export const REST_MS = 60_000

export function pauseAfter(failures: number, random: Pick<Random, 'below'>): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10), LONGEST_PAUSE_MS)
  const fifth = pause / 5
  return pause - fifth + random.below(Math.round(2 * fifth))
}

/** By a leader that begins: the one before may have heard of the worker a moment ago, so a lease is a whole one. */
export function renewed(record: SubscriptionRecord, now: number): SubscriptionRecord {
  const { wake, config } = record
  if (wake === null) return record
  const until = wake.until < 0 ? -1 : Number.POSITIVE_INFINITY
  return { ...record, wake: withinReach({ ...wake, until }, config.leaseMs, now) }
}

/** No time is further ahead than it is ever set: a clock that was fast, here or elsewhere, delays nothing by more. */
export function withinReach(wake: Wake, leaseMs: number, now: number): Wake {
  const nextAt = Math.min(wake.nextAt, now + 1.2 * LONGEST_PAUSE_MS)
  const begins = wake.delivered ? now : Math.max(now, nextAt)
  return { ...wake, nextAt, until: Math.min(wake.until, begins + leaseMs) }
}
