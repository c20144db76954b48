import { createHistogram } from 'node:perf_hooks'

/** 19 hours, in microseconds. */
const MOST_US = 2 ** 36

export interface LatencySummary {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** How often which durations came, each known to a thousandth, in the same memory however many there are. */
export class LatencyHistogram {
  readonly #us = createHistogram({ lowest: 1, highest: MOST_US, figures: 3 })
  #maxMs = 0

  get total(): number {
    return this.#us.count
  }

  /** `times`: so many records had it. */
  add(ms: number, times = 1): void {
    const us = Math.min(Math.max(1, Math.round(ms * 1000)), MOST_US)
    for (let left = times; left > 0; left--) this.#us.record(us)
    if (ms > this.#maxMs) this.#maxMs = ms
  }

  /** Milliseconds that the share (above 0, to 1) of all stayed below or at; 0 where there are none. */
  percentile(share: number): number {
    return Math.min(this.#us.percentile(share * 100) / 1000, this.#maxMs)
  }

  /** In milliseconds. */
  summary(): LatencySummary {
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => this.percentile(share))
    return { p50: p50!, p99: p99!, p999: p999!, max: this.#maxMs }
  }
}
