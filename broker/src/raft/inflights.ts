import type { LogIndex } from '@tailrace/schemas'

/**
 * The appends on their way to one follower, oldest first, in a ring that never grows (M91).
 * `full` bounds their number strictly; bytes may exceed the bound by one append, so that one larger than the window still goes.
 */
export class Inflights {
  count = 0
  bytes = 0
  readonly #maxBytes: number
  readonly #lastIndex: Float64Array
  readonly #size: Float64Array
  #head = 0

  constructor(maxAppends: number, maxBytes: number) {
    this.#lastIndex = new Float64Array(maxAppends)
    this.#size = new Float64Array(maxAppends)
    this.#maxBytes = maxBytes
  }

  get full(): boolean {
    return this.count === this.#lastIndex.length || (this.count > 0 && this.bytes >= this.#maxBytes)
  }

  add(lastIndex: LogIndex, bytes: number): void {
    const slot = (this.#head + this.count) % this.#lastIndex.length
    this.#lastIndex[slot] = lastIndex
    this.#size[slot] = bytes
    this.count++
    this.bytes += bytes
  }

  /** The follower has everything up to `index`: appends that end there or before have arrived. */
  freeTo(index: LogIndex): void {
    while (this.count > 0 && this.#lastIndex[this.#head]! <= index) {
      this.bytes -= this.#size[this.#head]!
      this.count--
      this.#head = (this.#head + 1) % this.#lastIndex.length
    }
  }

  reset(): void {
    this.count = 0
    this.bytes = 0
    this.#head = 0
  }
}
