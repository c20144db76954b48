import type { Clock, TimerHandle } from 'tailrace/embedded'

interface Timer {
  readonly dueAt: number
  readonly call: () => void
  handle: TimerHandle
}

/**
 * The time of a machine, which can be made to skip ahead: timers that fall into the time skipped fire in their order,
 * each with everything that follows from it, as if the time had passed.
 */
export class SkippingClock implements Clock {
  readonly #base: Clock
  /** Milliseconds skipped so far. */
  #ahead = 0
  readonly #timers = new Set<Timer>()

  constructor(base: Clock) {
    this.#base = base
  }

  now(): number {
    // What is skipped ends at a timer, between two milliseconds.
    return Math.floor(this.#base.now() + this.#ahead)
  }

  monotonic(): number {
    return this.#base.monotonic() + this.#ahead
  }

  after(ms: number, call: () => void): TimerHandle {
    const dueAt = this.monotonic() + Math.max(0, ms)
    const timer: Timer = { dueAt, call: () => this.#fire(timer, call), handle: none }
    this.#timers.add(timer)
    this.#arm(timer)
    return { cancel: () => this.#cancel(timer) }
  }

  every(ms: number, call: () => void): TimerHandle {
    const again = (): void => {
      handle = this.after(ms, again)
      call()
    }
    let handle = this.after(ms, again)
    return { cancel: () => handle.cancel() }
  }

  soon(call: () => void): void {
    this.#base.soon(call)
  }

  /** Resolves when `ms` milliseconds have been skipped. */
  async skip(ms: number): Promise<void> {
    const until = this.monotonic() + ms
    for (let next = this.#first(until); next !== undefined; next = this.#first(until)) {
      this.#ahead += Math.max(0, next.dueAt - this.monotonic())
      next.call()
      await this.#settled()
    }
    this.#ahead += Math.max(0, until - this.monotonic())
    for (const timer of this.#timers) {
      timer.handle.cancel()
      this.#arm(timer)
    }
  }

  #first(until: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers)
      if (timer.dueAt <= until && (first === undefined || timer.dueAt < first.dueAt)) first = timer
    return first
  }

  /** What is due now waits for no timer of the machine, whose shortest takes a millisecond. */
  #arm(timer: Timer): void {
    const wait = timer.dueAt - this.monotonic()
    if (wait > 0) timer.handle = this.#base.after(wait, timer.call)
    else {
      timer.handle = none
      this.#base.soon(timer.call)
    }
  }

  #fire(timer: Timer, call: () => void): void {
    if (!this.#timers.delete(timer)) return
    timer.handle.cancel()
    call()
  }

  #cancel(timer: Timer): void {
    this.#timers.delete(timer)
    timer.handle.cancel()
  }

  /** Work of this turn and of the next one is done: what is sent in one is read in the next. */
  async #settled(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((done) => this.#base.soon(done))
  }
}

const none: TimerHandle = { cancel: () => {} }
