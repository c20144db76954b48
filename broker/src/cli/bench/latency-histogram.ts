/** Buckets between one power of two and the next: a value is known to 3 %. */
const STEPS = 32
const STEP_BITS = 5
/** Microseconds up to 2^36: 19 hours. */
const POWERS = 36

export interface LatencySummary {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** How often which durations came, in the same small memory however many there are. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(STEPS * (POWERS + 1))
  #total = 0
  #maxMs = 0

  get total(): number {
    return this.#total
  }

  /** `times`: so many records had it. */
  add(ms: number, times = 1): void {
    const us = Math.max(0, Math.round(ms * 1000))
    this.#counts[bucketOf(us)]! += times
    this.#total += times
    if (ms > this.#maxMs) this.#maxMs = ms
  }

  /** Milliseconds that the share (0 to 1) of all stayed below or at; 0 where there are none. */
  percentile(share: number): number {
    let left = Math.ceil(share * this.#total)
    if (left <= 0) return 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket]!
      if (left <= 0) return Math.min(highestOf(bucket) / 1000, this.#maxMs)
    }
    return this.#maxMs
  }

  /** In milliseconds. */
  summary(): LatencySummary {
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => this.percentile(share))
    return { p50: p50!, p99: p99!, p999: p999!, max: this.#maxMs }
  }
}

/** Up to 63 us each has its own. */
function bucketOf(us: number): number {
  if (us < 2 * STEPS) return us
  const power = Math.min(Math.floor(Math.log2(us)), POWERS)
  const step = Math.min(Math.floor(us / 2 ** (power - STEP_BITS)), 2 * STEPS - 1)
  return STEPS * (power - STEP_BITS) + step
}

/** The largest number of microseconds of a bucket. */
function highestOf(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket
  const power = Math.floor(bucket / STEPS) + STEP_BITS - 1
  return ((bucket % STEPS) + STEPS + 1) * 2 ** (power - STEP_BITS) - 1
}
