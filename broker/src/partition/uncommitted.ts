import type { EntryHeader, LogIndex, ProducerId } from '@tailrace/schemas'
import type { ProducerState } from './producer-table.ts'

/** An entry in the log that is not committed yet, with what is needed to take it back or to apply it. */
export interface UncommittedEntry {
  readonly header: EntryHeader
  /** The producer whose state this entry changed, or -1. */
  readonly producerId: ProducerId
  /** That producer's state before this entry. */
  readonly before: ProducerState | undefined
  /** Kept only for groups with a state machine. */
  readonly payload: Uint8Array | null
}

/** The suffix of the log above the commit index, oldest first. Entries are dense in index. */
export class Uncommitted {
  #entries: UncommittedEntry[] = []
  #head = 0

  get size(): number {
    return this.#entries.length - this.#head
  }

  push(entry: UncommittedEntry): void {
    this.#entries.push(entry)
  }

  /** Removes and returns the oldest entry if its index is at most `commit`. */
  shiftUpTo(commit: LogIndex): UncommittedEntry | undefined {
    const entry = this.#entries[this.#head]
    if (entry === undefined || entry.header.index > commit) return undefined
    this.#head += 1
    if (this.#head === this.#entries.length) {
      this.#entries = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return entry
  }

  /** Removes and returns the newest entry if its index is at least `from`. */
  popFrom(from: LogIndex): UncommittedEntry | undefined {
    if (this.size === 0) return undefined
    const entry = this.#entries[this.#entries.length - 1]!
    if (entry.header.index < from) return undefined
    this.#entries.pop()
    return entry
  }

  /** Newest first. */
  *backwards(): Generator<UncommittedEntry> {
    for (let at = this.#entries.length - 1; at >= this.#head; at -= 1) yield this.#entries[at]!
  }
}
