import type { Clock, TimerHandle } from '../../platform/clock.ts'

/** Time that moves only when a test says so. */
export class VirtualClock implements Clock {
  #now = 0
  #order = 0
  readonly #timers = new Set<{ at: number; order: number; call: () => void }>()

  now(): number {
    return 1_700_000_000_000 + this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, call: () => void): TimerHandle {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, call }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  every(ms: number, call: () => void): TimerHandle {
    let handle = this.after(
      ms,
      function again(this: VirtualClock) {
        handle = this.after(ms, again.bind(this))
        call()
      }.bind(this),
    )
    return { cancel: () => handle.cancel() }
  }

  soon(call: () => void): void {
    this.after(0, call)
  }

  /** Lets `ms` milliseconds pass, with all that happens in them. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#now = next.at
      next.call()
      await settle()
    }
    this.#now = end
  }

  #next(end: number): { at: number; order: number; call: () => void } | undefined {
    let first: { at: number; order: number; call: () => void } | undefined
    for (const timer of this.#timers) {
      if (timer.at > end) continue
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer
    }
    return first
  }
}

/** Lets promises that are settled already have their say. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve()
}
