import type { LogIndex, Offset, Term, TermStart } from '@tailrace/schemas'

/**
 * The term of every log position, as the list of places where the term changes.
 * 1. Starts ascend strictly by index and by term.
 * 2. Position `prevIndex`, the one before the first entry held, has term `prevTerm`, and so have all up to the first
 *    start. Callers ask only for positions from prevIndex to the log's last.
 */
export class TermTable {
  prevIndex: LogIndex
  prevTerm: Term
  readonly #starts: TermStart[]

  constructor(prevIndex: LogIndex, prevTerm: Term, starts: readonly TermStart[]) {
    this.prevIndex = prevIndex
    this.prevTerm = prevTerm
    this.#starts = starts.slice()
  }

  get lastTerm(): Term {
    const starts = this.#starts
    return starts.length === 0 ? this.prevTerm : starts[starts.length - 1]!.term
  }

  /** The term at `index`, which must lie in [prevIndex, last index]. */
  termAt(index: LogIndex): Term {
    if (index === this.prevIndex) return this.prevTerm
    const starts = this.#starts
    // Nearly every question is about the newest term, so the search begins there.
    let low = 0
    let high = starts.length - 1
    if (high >= 0 && starts[high]!.index <= index) return starts[high]!.term
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (starts[middle]!.index <= index) low = middle
      else high = middle - 1
    }
    return high < 0 || starts[low]!.index > index ? this.prevTerm : starts[low]!.term
  }

  /** Notes that the entry at `index`, just appended, has `term`. */
  append(term: Term, index: LogIndex, offset: Offset): void {
    if (this.#starts.length === 0 || term !== this.lastTerm) this.#starts.push({ term, index, offset })
  }

  /** Forgets positions from `index` on. */
  truncateFrom(index: LogIndex): void {
    const starts = this.#starts
    while (starts.length > 0 && starts[starts.length - 1]!.index >= index) starts.pop()
  }

  /** Forgets positions before `prevIndex`, which is held and has `prevTerm`. */
  compact(prevIndex: LogIndex, prevTerm: Term): void {
    this.prevIndex = prevIndex
    this.prevTerm = prevTerm
    const starts = this.#starts
    let count = 0
    while (count < starts.length && starts[count]!.index <= prevIndex) count++
    starts.splice(0, count)
  }

  /**
   * The last position in [prevIndex, from] whose term is at most `term` (etcd's findConflictByTerm): a log that has
   * `term` at `from` cannot match this one later than there. prevIndex if there is none, for all entries before it are
   * committed.
   */
  lastIndexOfTermAtMost(term: Term, from: LogIndex): LogIndex {
    if (from <= this.prevIndex) return from
    let end = from
    for (let i = this.#starts.length - 1; i >= 0; i--) {
      const start = this.#starts[i]!
      if (start.index > end) continue
      if (start.term <= term) return end
      end = start.index - 1
    }
    // Positions before the first start have the term of prevIndex.
    return this.prevTerm <= term ? Math.max(end, this.prevIndex) : this.prevIndex
  }

  starts(): readonly TermStart[] {
    return this.#starts
  }
}
