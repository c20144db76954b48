import type { EntryHeader, LogIndex } from '@tailrace/schemas'
import type { ProducerUndo } from './producer-table.ts'

/** An entry in the log that is not committed yet, with what is needed to take it back or to apply it. */
export interface UncommittedEntry {
  readonly header: EntryHeader
  /** Null if the entry has changed no producer's state. */
  readonly undo: ProducerUndo | null
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

  /** How to take back the entries from `from` on, newest first. */
  undosFrom(from: LogIndex): ProducerUndo[] {
    const undos: ProducerUndo[] = []
    for (let at = this.#entries.length - 1; at >= this.#head && this.#entries[at]!.header.index >= from; at -= 1) {
      const { undo } = this.#entries[at]!
      if (undo !== null) undos.push(undo)
    }
    return undos
  }

  /** The state that the entries changed was replaced: taking them back changes nothing any more. */
  forgetUndos(): void {
    this.#entries = this.#entries.slice(this.#head).map((entry) => ({ ...entry, undo: null }))
    this.#head = 0
  }

  /** Forgets the entries from `from` on. */
  truncate(from: LogIndex): void {
    while (this.size > 0 && this.#entries[this.#entries.length - 1]!.header.index >= from) this.#entries.pop()
  }
}
