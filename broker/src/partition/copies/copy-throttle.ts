import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'

/**
 * Lets bytes pass at a rate, for all copies of a broker together: a copy that takes some waits until the rate allows
 * them.
 */
export class CopyThrottle {
  readonly #clock: Clock
  readonly #bytesPerMs: number
  /** On the monotonic clock: when all bytes that were taken have passed. */
  #passedAt = 0

  /** `bytesPerSecond` 0: no limit. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock
    this.#bytesPerMs = bytesPerSecond / 1000
  }

  async take(bytes: number): Promise<void> {
    if (this.#bytesPerMs === 0) return
    const now = this.#clock.monotonic()
    const from = Math.max(now, this.#passedAt)
    this.#passedAt = from + bytes / this.#bytesPerMs
    if (from > now) await pause(this.#clock, from - now)
  }
}
