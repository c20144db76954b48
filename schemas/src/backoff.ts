export interface BackoffBounds {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Exponential back-off without chance: twice as long after each failure, up to `maxMs`. `failures`: those before the
 * last one.
 */
export function backoffMs({ firstMs, maxMs }: BackoffBounds, failures: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30))
}

/**
 * Exponential back-off with "equal jitter": half of the wait is fixed, half random, so that many clients that lost the
 * same broker do not come back in step, and none comes back at once.
 */
export class Backoff {
  readonly #bounds: BackoffBounds
  readonly #below: (bound: number) => number
  #failures = 0

  /** `below`: a uniform integer in [0, bound). */
  constructor(bounds: BackoffBounds, below: (bound: number) => number) {
    this.#bounds = bounds
    this.#below = below
  }

  /** Whole milliseconds to wait before the next attempt. */
  next(): number {
    const ceiling = backoffMs(this.#bounds, this.#failures++)
    const half = Math.ceil(ceiling / 2)
    return half + this.#below(ceiling - half + 1)
  }

  reset(): void {
    this.#failures = 0
  }
}
