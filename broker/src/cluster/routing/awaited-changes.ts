import { TailraceError } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../../platform/clock.ts'

interface Waiter {
  readonly condition: () => boolean
  readonly done: (met: boolean) => void
  readonly timer: TimerHandle
}

/**
 * Lets callers wait until a condition has become true. Conditions are looked at once a turn in which something changed.
 */
export class AwaitedChanges {
  readonly #clock: Clock
  readonly #limit: number
  readonly #waiters = new Set<Waiter>()
  #queued = false

  constructor(clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  /** State that a condition may look at has changed. */
  happened(): void {
    if (this.#queued || this.#waiters.size === 0) return
    this.#queued = true
    this.#clock.soon(() => {
      this.#queued = false
      for (const waiter of this.#waiters) {
        if (waiter.condition()) this.#settle(waiter, true)
      }
    })
  }

  /**
   * Resolves with true when the condition holds, with false when it does not within the time.
   * @throws TailraceError OVERLOADED when too many wait already
   */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true)
    if (this.#waiters.size >= this.#limit) return Promise.reject(new TailraceError('OVERLOADED'))
    return new Promise((done) => {
      const timer = this.#clock.after(timeoutMs, () => this.#settle(waiter, condition()))
      const waiter: Waiter = { condition, done, timer }
      this.#waiters.add(waiter)
    })
  }

  /** Ends all waits. */
  close(): void {
    for (const waiter of this.#waiters) this.#settle(waiter, false)
  }

  #settle(waiter: Waiter, met: boolean): void {
    waiter.timer.cancel()
    this.#waiters.delete(waiter)
    waiter.done(met)
  }
}
