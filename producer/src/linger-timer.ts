import { type ClientSurroundings, machine, type Timer } from '@tailrace/client'
import type { Batch } from './batch.ts'
import type { Lane } from './lane.ts'

/** One timer for all lanes: tells each when its open batch has waited long enough for more records. */
export class LingerTimer {
  readonly #lingerMs: number
  readonly #surroundings: ClientSurroundings
  /** Batches in the order in which they are due, and when. */
  readonly #entries: { lane: Lane; batch: Batch; at: number }[] = []
  #timer: Timer | undefined
  #isSoon = false
  /** While it is true no batch waits longer than the present tick. */
  #isHurried = false

  constructor(lingerMs: number, surroundings: ClientSurroundings = machine) {
    this.#lingerMs = lingerMs
    this.#surroundings = surroundings
  }

  /** `isAlone`: nothing is under way with which it could leave: it does not wait longer than the present tick. */
  add(lane: Lane, batch: Batch, isAlone = false): void {
    this.#entries.push({ lane, batch, at: this.#surroundings.monotonic() + this.#lingerMs })
    if (this.#lingerMs === 0 || this.#isHurried || isAlone) this.#soon()
    // At the end of this tick all of them leave.
    else if (!this.#isSoon) this.#timer ??= this.#after(this.#lingerMs)
  }

  hurry(isHurried: boolean): void {
    this.#isHurried = isHurried
  }

  /** No batch will leave any more. */
  close(): void {
    this.#timer?.cancel()
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
    this.#timer?.cancel()
    this.#timer = undefined
    let fired = 0
    // Timers may come a fraction of a millisecond early.
    while (fired < this.#entries.length && this.#entries[fired]!.at <= now + 0.5) fired++
    for (const { lane, batch } of this.#entries.splice(0, fired)) lane.due(batch)
    const next = this.#entries[0]
    if (next === undefined) return
    this.#timer ??= this.#after(Math.max(1, next.at - this.#surroundings.monotonic()))
  }

  #after(ms: number): Timer {
    const { after, monotonic } = this.#surroundings
    return after(ms, () => this.#fire(monotonic()))
  }
}
