/**
 * Batches below this size are copied together: for them a copy costs less than a piece of their own in a vectored
 * write.
 */
const COPIED_BYTES = 8 * 1024
const SCRATCH_BYTES = 256 * 1024

/** The pieces of one write. Uses one scratch buffer again and again; one write at a time. */
export class Gather {
  readonly pieces: Uint8Array[] = []
  readonly #scratch = new Uint8Array(SCRATCH_BYTES)
  #used = 0
  /** Where the copied piece that is still growing begins; -1: none. */
  #open = -1

  add(bytes: Uint8Array): void {
    if (bytes.length < COPIED_BYTES && this.#used + bytes.length <= SCRATCH_BYTES) {
      if (this.#open < 0) this.#open = this.#used
      this.#scratch.set(bytes, this.#used)
      this.#used += bytes.length
      return
    }
    this.#closePiece()
    this.pieces.push(bytes)
  }

  finish(): readonly Uint8Array[] {
    this.#closePiece()
    return this.pieces
  }

  clear(): void {
    this.pieces.length = 0
    this.#used = 0
    this.#open = -1
  }

  #closePiece(): void {
    if (this.#open < 0) return
    this.pieces.push(this.#scratch.subarray(this.#open, this.#used))
    this.#open = -1
  }
}

/** Lends gatherers, so that groups that write at the same moment have one each and an idle broker keeps one. */
export class GatherPool {
  readonly #free: Gather[] = []

  take(): Gather {
    return this.#free.pop() ?? new Gather()
  }

  give(gather: Gather): void {
    gather.clear()
    if (this.#free.length === 0) this.#free.push(gather)
  }
}
