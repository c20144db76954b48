import type { Clock, TimerHandle } from '../clock.ts'

/** Timers count whole milliseconds, so they may come this much too soon. */
const EARLY_MS = 1

interface Interval {
  readonly ms: number
  readonly call: () => void
  /** A multiple of `ms` by the monotonic clock. */
  due: number
}

/**
 * Intervals that begin at multiples of their lengths, by one timer: those of 1, 2 and 5 s of an idle process wake it
 * once a second, not as often as there are intervals. So the first call comes after `ms` milliseconds at most.
 */
export class SharedIntervals {
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>
  readonly #intervals = new Set<Interval>()
  #timer: TimerHandle | null = null
  /** What the timer waits for. */
  #at = Number.POSITIVE_INFINITY

  constructor(clock: Pick<Clock, 'monotonic' | 'after'>) {
    this.#clock = clock
  }

  every(ms: number, call: () => void): TimerHandle {
    const interval: Interval = { ms, call, due: nextMultiple(ms, this.#clock.monotonic()) }
    this.#intervals.add(interval)
    this.#await()
    return {
      cancel: () => {
        this.#intervals.delete(interval)
        this.#await()
      },
    }
  }

  #await(): void {
    let next = Number.POSITIVE_INFINITY
    for (const { due } of this.#intervals) next = Math.min(next, due)
    if (next === this.#at) return
    this.#timer?.cancel()
    this.#at = next
    const wait = next - this.#clock.monotonic()
    this.#timer = this.#intervals.size === 0 ? null : this.#clock.after(Math.max(0, wait), () => this.#run())
  }

  /** What a call throws is the caller's, as with any timer; the others that are due come in the next turn then. */
  #run(): void {
    this.#timer = null
    this.#at = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonic()
    try {
      for (const interval of this.#intervals) {
        if (interval.due > now + EARLY_MS) continue
        interval.due = nextMultiple(interval.ms, Math.max(now, interval.due))
        interval.call()
      }
    } finally {
      this.#await()
    }
  }
}

function nextMultiple(ms: number, now: number): number {
  return (Math.floor(now / ms) + 1) * ms
}
