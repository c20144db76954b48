import type { EntryHeader, HardState, LogIndex, Offset, Term, TermStart } from '@tailrace/schemas'
import { NO_BROKER } from '@tailrace/schemas'

/** What a log says of itself in a few numbers. `terms` is replaced, never changed, so that a copy is cheap. */
export class LogState {
  hardState: HardState = { term: 0, votedFor: NO_BROKER }
  /** The entry before the first one held, and its term. */
  prevIndex: LogIndex = 0
  prevTerm: Term = 0
  startOffset: Offset = 0
  lastIndex: LogIndex = 0
  endOffset: Offset = 0
  terms: readonly TermStart[] = []

  get lastTerm(): Term {
    return this.terms.length > 0 ? this.terms[this.terms.length - 1]!.term : this.prevTerm
  }

  append(headers: readonly EntryHeader[]): void {
    if (headers.length === 0) return
    this.#appendTerms(newTerms(this.lastTerm, headers))
    const last = headers[headers.length - 1]!
    this.lastIndex = last.index
    this.endOffset = last.lastOffset + 1
  }

  /** Like append, for entries of which only this much is known. */
  extend(lastIndex: LogIndex, endOffset: Offset, terms: readonly TermStart[]): void {
    this.#appendTerms(terms)
    this.lastIndex = lastIndex
    this.endOffset = endOffset
  }

  /** Discards `from` and all after it; `endOffset` is the base offset of the entry `from`. */
  cut(from: LogIndex, endOffset: Offset): void {
    if (from > this.lastIndex) return
    let kept = this.terms.length
    while (kept > 0 && this.terms[kept - 1]!.index >= from) kept--
    if (kept < this.terms.length) this.terms = this.terms.slice(0, kept)
    this.lastIndex = from - 1
    this.endOffset = endOffset
  }

  /** The term of an entry held. */
  termAt(index: LogIndex): Term {
    let low = 0
    let high = this.terms.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.terms[middle]!.index <= index) low = middle + 1
      else high = middle
    }
    return low === 0 ? this.prevTerm : this.terms[low - 1]!.term
  }

  clone(): LogState {
    return Object.assign(new LogState(), this)
  }

  #appendTerms(terms: readonly TermStart[]): void {
    if (terms.length > 0) this.terms = [...this.terms, ...terms]
  }
}

const none: readonly TermStart[] = []

/** The terms that begin within a run of entries which follows an entry of `lastTerm`. */
export function newTerms(lastTerm: Term, headers: readonly EntryHeader[]): readonly TermStart[] {
  let found: TermStart[] | null = null
  let term = lastTerm
  for (const header of headers) {
    if (header.term === term) continue
    term = header.term
    found ??= []
    found.push({ term, index: header.index, offset: header.baseOffset })
  }
  return found ?? none
}
