import type { LogIndex, Offset } from '@tailrace/schemas'

interface Deletion {
  readonly index: LogIndex
  readonly before: Offset
}

const noDeletions: Deletion[] = []

/**
 * The offset before which the records of one partition are deleted: a pure function of the log. Deletions above the
 * commit are few, have no effect yet, and can be taken back when Raft truncates.
 */
export class Deletions {
  #settled: Offset
  /** Oldest first. One empty list for all partitions, most of which are idle. */
  #open: Deletion[] = noDeletions

  constructor(settled: Offset = 0) {
    this.#settled = settled
  }

  /** As of the commit; 0: none. */
  get before(): Offset {
    return this.#settled
  }

  appended(index: LogIndex, before: Offset): void {
    this.#open = [...this.#open, { index, before }]
  }

  /** Takes back the deletions from `from` on. */
  truncated(from: LogIndex): void {
    if (this.#open.length > 0) this.#keep(this.#open.filter(({ index }) => index < from))
  }

  /** Deletions up to `index` hold from now on. */
  committed(index: LogIndex): void {
    if (this.#open.length === 0) return
    for (const one of this.#open) if (one.index <= index) this.#settled = Math.max(this.#settled, one.before)
    this.#keep(this.#open.filter((one) => one.index > index))
  }

  #keep(open: Deletion[]): void {
    this.#open = open.length === 0 ? noDeletions : open
  }
}
