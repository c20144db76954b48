import type { Clock } from '../../platform/clock.ts'

/**
 * Long pieces of work, one after the other, with a rest after each that is as long as the work, so that at least half
 * of the time is left for other work.
 */
export class RestingQueue {
  readonly #clock: Clock
  #last: Promise<void> = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Does the work when it is its turn: at once where no other work has just been done. Rejects with the error that it
   * throws.
   */
  async run<Result>(work: () => Result): Promise<Result> {
    const turn = this.#last
    let rested = (): void => {}
    this.#last = new Promise((resolve) => (rested = resolve))
    await turn
    const started = this.#clock.monotonic()
    try {
      return work()
    } finally {
      this.#clock.after(this.#clock.monotonic() - started, rested)
    }
  }
}
