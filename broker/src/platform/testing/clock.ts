import type { Clock, TimerHandle } from '../clock.ts'

/** Lets all promises run that have become ready, and those that follow from them. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

interface Timer {
  readonly at: number
  /** Equal deadlines fire in the order in which they were set. */
  readonly order: number
  readonly call: () => void
}

/** Time that stands still until the test advances it. Nothing is called but within `advance`. */
export class ManualClock implements Clock {
  #time = 0
  #order = 0
  readonly #timers = new Set<Timer>()
  #soon: (() => void)[] = []
  #startedAt: number

  /** `startedAt`: the first value of `now`, in ms since 1970. */
  constructor(startedAt = 0) {
    this.#startedAt = startedAt
  }

  now(): number {
    return this.#startedAt + this.#time
  }

  monotonic(): number {
    return this.#time
  }

  /** The time of day is put right, by the operator or another clock; the rest goes on as before. */
  putBack(ms: number): void {
    this.#startedAt -= ms
  }

  after(ms: number, call: () => void): TimerHandle {
    const timer: Timer = { at: this.#time + Math.max(0, ms), order: this.#order++, call }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  every(ms: number, call: () => void): TimerHandle {
    const again = () => {
      handle = this.after(ms, again)
      call()
    }
    let handle = this.after(ms, again)
    return { cancel: () => handle.cancel() }
  }

  soon(call: () => void): void {
    this.#soon.push(call)
  }

  /**
   * Lets `ms` milliseconds pass, event by event. `settle` runs after each of them: it must return when all promises
   * that have become ready have been followed up.
   */
  async advance(ms: number, settle: () => Promise<void> = settled): Promise<void> {
    const until = this.#time + ms
    await settle()
    for (let call = this.#next(until); call !== undefined; call = this.#next(until)) {
      call()
      await settle()
    }
    this.#time = until
  }

  #next(until: number): (() => void) | undefined {
    if (this.#soon.length > 0) return this.#soon.shift()
    let first: Timer | undefined
    for (const timer of this.#timers) if (first === undefined || isBefore(timer, first)) first = timer
    if (first === undefined || first.at > until) return undefined
    this.#timers.delete(first)
    this.#time = Math.max(this.#time, first.at)
    return first.call
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at
}
