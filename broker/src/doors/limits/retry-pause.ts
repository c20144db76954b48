import { Backoff } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'

const bounds = { firstMs: 50, maxMs: 2_000 }

/** Pauses between attempts, twice as long each time up to two seconds. */
export class RetryPause {
  readonly #clock: Clock
  readonly #backoff: Backoff
  #nextMs: number
  #timer: TimerHandle | null = null
  #isFirst = true

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#backoff = new Backoff(bounds, (bound) => random.below(bound))
    this.#nextMs = this.#backoff.next()
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
    this.#isFirst = false
    this.#nextMs = this.#backoff.next()
    this.cancel()
    this.#timer = this.#clock.after(ms, call)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  /** After a success: the next trouble starts with a short pause again. */
  reset(): void {
    if (this.#isFirst) return
    this.#isFirst = true
    this.#backoff.reset()
    this.#nextMs = this.#backoff.next()
  }
}
