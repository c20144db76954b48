import type { Offset } from '@tailrace/schemas'

const maxMarks = 32

/**
 * Since when a copy has been behind its source: high watermarks with the time at which they were announced, forgotten
 * as the copy passes them. Bounded: when there are too many, a new one takes the last one's time, so that lag is never
 * told too small.
 */
export class LagMarks {
  readonly #marks: { highWatermark: Offset; readonly at: number }[] = []

  heard(highWatermark: Offset, now: number): void {
    const last = this.#marks.at(-1)
    if (last !== undefined && highWatermark <= last.highWatermark) return
    if (last !== undefined && this.#marks.length >= maxMarks) last.highWatermark = highWatermark
    else this.#marks.push({ highWatermark, at: now })
  }

  /** The copy holds everything below `end` durably. */
  reached(end: Offset): void {
    let passed = 0
    while (passed < this.#marks.length && this.#marks[passed]!.highWatermark <= end) passed++
    if (passed > 0) this.#marks.splice(0, passed)
  }

  /** Milliseconds for which records have been missing; 0 when none are. */
  behindMs(now: number): number {
    return this.#marks.length === 0 ? 0 : Math.max(0, now - this.#marks[0]!.at)
  }

  clear(): void {
    this.#marks.length = 0
  }
}
