export interface BackoffSettings {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Exponential back-off with "equal jitter": half of the wait is fixed, half random, so that clients that lost the same broker do not
 * come back in step, and none comes back at once.
 */
export class Backoff {
  readonly #settings: BackoffSettings
  #attempts = 0

  constructor(settings: BackoffSettings) {
    this.#settings = settings
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const ceiling = Math.min(this.#settings.maxMs, this.#settings.firstMs * 2 ** Math.min(this.#attempts++, 30))
    return ceiling / 2 + (Math.random() * ceiling) / 2
  }

  reset(): void {
    this.#attempts = 0
  }
}
