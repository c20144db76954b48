import type { Clock, TimerHandle } from 'tailrace/embedded'

const never: TimerHandle = { cancel: () => {} }

/**
 * The clock as one process sees it. After its end no timer fires. While it stands still time passes, and what falls due
 * waits until it goes on: each timer once, in the order in which they were due.
 */
export class ProcessTime {
  readonly clock: Clock
  readonly #world: Clock
  readonly #within: (call: () => void) => void
  #hasEnded = false
  /** Due while it stands still; null: it does not. */
  #due: Set<() => void> | null = null

  /** `within` calls what is the process's own. */
  constructor(world: Clock, within: (call: () => void) => void = (call) => call()) {
    this.#world = world
    this.#within = within
    this.clock = {
      now: world.now,
      monotonic: world.monotonic,
      after: (ms, call) => this.#timer(call, (fire) => world.after(ms, fire)),
      every: (ms, call) => this.#timer(call, (fire) => world.every(ms, fire)),
      soon: (call) => void this.#timer(call, (fire) => world.after(0, fire)),
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  end(): void {
    this.#hasEnded = true
    this.#due = null
  }

  suspend(): void {
    this.#due ??= new Set()
  }

  resume(): void {
    const due = this.#due ?? []
    this.#due = null
    for (const fire of due) this.#world.soon(fire)
  }

  #timer(call: () => void, begin: (fire: () => void) => TimerHandle): TimerHandle {
    if (this.#hasEnded) return never
    let wanted = true
    const fire = (): void => {
      if (this.#hasEnded || !wanted) return
      if (this.#due === null) this.#within(call)
      else this.#due.add(fire)
    }
    const timer = begin(fire)
    return {
      cancel: () => {
        wanted = false
        timer.cancel()
      },
    }
  }
}
