import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'

const firstMs = 50
const lastMs = 2_000

/** Pauses between attempts: twice as long each time up to two seconds, half of it random so that many waiters do not come back at once. */
export class RetryPause {
  readonly #clock: Clock
  readonly #random: Random
  #baseMs = firstMs
  #nextMs: number
  #timer: TimerHandle | null = null

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
    this.#nextMs = this.#jitter()
  }

  /** How long the next pause takes. */
  get nextMs(): number {
    return this.#nextMs
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.schedule(resolve))
  }

  /** Calls once after the pause, unless cancelled. */
  schedule(call: () => void): void {
    const ms = this.#nextMs
    this.#baseMs = Math.min(this.#baseMs * 2, lastMs)
    this.#nextMs = this.#jitter()
    this.cancel()
    this.#timer = this.#clock.after(ms, call)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  /** After a success: the next trouble starts with a short pause again. */
  reset(): void {
    this.#baseMs = firstMs
    this.#nextMs = this.#jitter()
  }

  #jitter(): number {
    return Math.ceil(this.#baseMs / 2) + this.#random.below(Math.ceil(this.#baseMs / 2) + 1)
  }
}
