import type { Clock } from '../clock.ts'

/** The event loop does other work after so long. */
const WORK_MS = 5
/** The clock is read once for so many items. */
const ITEMS = 16

/** For a walk over many items: says when the event loop should do other work, and lets it. */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonic' | 'soon'>
  #items = 0
  #began: number

  constructor(clock: Pick<Clock, 'monotonic' | 'soon'>) {
    this.#clock = clock
    this.#began = clock.monotonic()
  }

  /** Asked once for each item. */
  isOver(): boolean {
    this.#items += 1
    return this.#items % ITEMS === 0 && this.#clock.monotonic() - this.#began >= WORK_MS
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.soon(resolve))
    this.#began = this.#clock.monotonic()
  }
}
