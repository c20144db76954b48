import type { Batch } from './batch.ts'
import type { Lane } from './lane.ts'

/** One timer for all lanes: tells each when its open batch has waited long enough for more records. */
export class LingerTimer {
  readonly #lingerMs: number
  /** Batches in the order in which they are due, and when. */
  readonly #entries: { lane: Lane; batch: Batch; at: number }[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #isSoon = false
  /** While it is true no batch waits longer than the present tick. */
  #isHurried = false

  constructor(lingerMs: number) {
    this.#lingerMs = lingerMs
  }

  add(lane: Lane, batch: Batch): void {
    this.#entries.push({ lane, batch, at: performance.now() + this.#lingerMs })
    if (this.#lingerMs === 0 || this.#isHurried) this.#soon()
    else this.#timer ??= setTimeout(() => this.#fire(performance.now()), this.#lingerMs)
  }

  hurry(isHurried: boolean): void {
    this.#isHurried = isHurried
  }

  /** No batch will leave any more. */
  close(): void {
    clearTimeout(this.#timer)
    this.#entries.length = 0
  }

  /** At the end of the present tick: all records sent in one tick share batches. */
  #soon(): void {
    if (this.#isSoon) return
    this.#isSoon = true
    queueMicrotask(() => {
      this.#isSoon = false
      this.#fire(Number.POSITIVE_INFINITY)
    })
  }

  #fire(now: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    let fired = 0
    // Timers may come a fraction of a millisecond early.
    while (fired < this.#entries.length && this.#entries[fired]!.at <= now + 0.5) fired++
    for (const { lane, batch } of this.#entries.splice(0, fired)) lane.due(batch)
    const next = this.#entries[0]
    if (next === undefined) return
    this.#timer ??= setTimeout(() => this.#fire(performance.now()), Math.max(1, next.at - performance.now()))
  }
}
