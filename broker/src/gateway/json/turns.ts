import type { Clock } from '../../platform/clock.ts'

/** Long pieces of work, one in each turn of the event loop, so that peers are heard in between. */
export class Turns {
  readonly #clock: Clock
  #last: Promise<void> = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when it is the caller's turn: at once where nobody has just had one. */
  next(): Promise<void> {
    const mine = this.#last
    this.#last = mine.then(() => new Promise((resolve) => void this.#clock.after(0, resolve)))
    return mine
  }
}
