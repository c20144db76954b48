import type { LogIndex } from '@tailrace/schemas'

const none = new Float64Array(0)
const FIRST_SLOTS = 4

/**
 * The appends in flight to one follower, oldest first, in a ring of bounded size (M91). `full` bounds their number
 * strictly; bytes may exceed the bound by one append, so that one larger than the window still goes.
 */
export class Inflights {
  count = 0
  bytes = 0
  readonly #maxBytes: number
  readonly #maxAppends: number
  /** They grow to `maxAppends` slots where those are needed: a broker leads thousands of groups, most of them idle. */
  #lastIndex = none
  #size = none
  #head = 0

  constructor(maxAppends: number, maxBytes: number) {
    this.#maxAppends = maxAppends
    this.#maxBytes = maxBytes
  }

  get full(): boolean {
    return this.count === this.#maxAppends || (this.count > 0 && this.bytes >= this.#maxBytes)
  }

  add(lastIndex: LogIndex, bytes: number): void {
    if (this.count === this.#lastIndex.length) this.#grow()
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

  #grow(): void {
    const slots = Math.min(this.#maxAppends, Math.max(FIRST_SLOTS, this.#lastIndex.length * 2))
    this.#lastIndex = unrolled(this.#lastIndex, this.#head, slots)
    this.#size = unrolled(this.#size, this.#head, slots)
    this.#head = 0
  }
}

/** A full ring as the beginning of a larger one. */
function unrolled(ring: Float64Array<ArrayBuffer>, head: number, slots: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(slots)
  larger.set(ring.subarray(head))
  larger.set(ring.subarray(0, head), ring.length - head)
  return larger
}
