import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'

/** Bytes a second, over all that take from it. */
export class RateLimit {
  readonly #clock: Clock
  /** Null: as fast as it goes. */
  readonly #bytesPerSecond: number | null
  #freeAt: number

  constructor(clock: Clock, bytesPerSecond: number | null) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
    this.#freeAt = clock.monotonic()
  }

  /** Resolves when they may be moved, or as soon as `signal` fires. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === null) return
    const now = this.#clock.monotonic()
    const from = Math.max(this.#freeAt, now)
    this.#freeAt = from + (bytes / this.#bytesPerSecond) * 1000
    if (from > now) await pause(this.#clock, from - now, signal)
  }
}
