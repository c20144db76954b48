import type { LogIndex } from '@tailrace/schemas'
import type { CorruptRange } from '../log-storage.ts'

/** The entries of one log that were found not to be as they were written. */
export class CorruptRanges {
  #ranges: readonly CorruptRange[] = []

  get list(): readonly CorruptRange[] {
    return this.#ranges
  }

  /**
   * Known entries are left out, and false is returned: a range always begins at an entry whose place in its segment can
   * be told.
   */
  add({ from, to }: CorruptRange): boolean {
    if (this.#ranges.some((known) => known.from <= from && from <= known.to)) return false
    const others = this.#ranges.filter((known) => known.to < from || known.from > to)
    this.#ranges = [...others, { from, to }].sort((a, b) => a.from - b.from)
    return true
  }

  /** The range that begins at `first` and reaches `last`. */
  covering(first: LogIndex, last: LogIndex): CorruptRange | null {
    return this.#ranges.find(({ from, to }) => from === first && last >= first && last <= to) ?? null
  }

  /** The entries from the start of a range up to `last` are sound again. */
  repaired(first: LogIndex, last: LogIndex): void {
    this.#replace(({ from, to }) => (from === first ? { from: last + 1, to } : { from, to }))
  }

  /** These entries, in the midst of a range and up to its end, are sound now. */
  replaced(first: LogIndex, last: LogIndex): void {
    this.#replace(({ from, to }) => (first <= to && to <= last ? { from, to: first - 1 } : { from, to }))
  }

  /** The log ends before `from` now. */
  cut(index: LogIndex): void {
    this.#replace(({ from, to }) => ({ from, to: Math.min(to, index - 1) }))
  }

  /** The log begins after `prevIndex` now; whole segments were removed. */
  trim(prevIndex: LogIndex): void {
    this.#replace(({ from, to }) => ({ from: Math.max(from, prevIndex + 1), to }))
  }

  #replace(change: (range: CorruptRange) => CorruptRange): void {
    if (this.#ranges.length > 0) this.#ranges = this.#ranges.map(change).filter(({ from, to }) => from <= to)
  }
}
