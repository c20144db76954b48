import type { BrokerId } from '@tailrace/schemas'

/** How late the records of a source come to the brokers below it. */
export interface Delay {
  readonly broker: BrokerId
  readonly level: number
  /** Milliseconds that it adds itself, those of its own sources not included. */
  readonly ms: number
}

/** A source is slow where it is later than its siblings by so much, and by as much again as they are. */
const slowMs = 3_000
/** It is well again where it is later by no more than this; a lag that has changed by less may not be told. */
const wellMs = 1_000
/** It has to be well for so long; twice as long each time that it is slow again. */
const firstTrialMs = 10_000
const longestTrialMs = 300_000

interface Past {
  isSlow: boolean
  /** Since when it has been well without a break; null: it is not well. */
  wellSince: number | null
  trialMs: number
}

/**
 * Sources that are late while others of their level are not, so that it helps to copy from another. What holds up a
 * whole level is not theirs. A source that is late now and then is tried at longer and longer intervals.
 */
export class SlowSources {
  readonly #pasts = new Map<BrokerId, Past>()

  /** `delays`: of all sources, as they are `now`; monotonic milliseconds. */
  update(delays: readonly Delay[], now: number): ReadonlySet<BrokerId> {
    const heard = new Set(delays.map(({ broker }) => broker))
    for (const broker of this.#pasts.keys()) if (!heard.has(broker)) this.#pasts.delete(broker)
    for (const level of new Set(delays.map((delay) => delay.level)))
      this.#compare(
        delays.filter((delay) => delay.level === level),
        now,
      )
    return this.now
  }

  get now(): ReadonlySet<BrokerId> {
    return new Set([...this.#pasts].filter(([, { isSlow }]) => isSlow).map(([broker]) => broker))
  }

  #compare(siblings: readonly Delay[], now: number): void {
    const sorted = siblings.map(({ ms }) => ms).sort((a, b) => a - b)
    for (const { broker, ms } of siblings) {
      const usual = medianWithout(sorted, ms)
      const past = this.#pasts.get(broker) ?? { isSlow: false, wellSince: now, trialMs: firstTrialMs / 2 }
      this.#pasts.set(broker, past)
      past.wellSince = ms <= usual + wellMs ? (past.wellSince ?? now) : null
      if (!past.isSlow && ms > 2 * usual + slowMs) {
        past.isSlow = true
        past.trialMs = Math.min(2 * past.trialMs, longestTrialMs)
      }
      if (past.wellSince === null) continue
      const wellFor = now - past.wellSince
      if (past.isSlow && wellFor >= past.trialMs) past.isSlow = false
      if (wellFor >= 2 * longestTrialMs) past.trialMs = firstTrialMs / 2
    }
  }
}

/** The lower median of sorted numbers, one of them left out; without others that one itself. */
function medianWithout(sorted: readonly number[], one: number): number {
  const middle = (sorted.length - 2) >> 1
  if (middle < 0) return one
  return sorted[one <= sorted[middle]! ? middle + 1 : middle]!
}
