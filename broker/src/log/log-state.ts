import type { EntryHeader, HardState, LogIndex, Offset, Term, TermStart } from '@tailrace/schemas'
import { EntryKind, NO_BROKER } from '@tailrace/schemas'
import type { StoredConfiguration } from './log-storage.ts'

/** A new start of a log: entries at or before `prevIndex` are gone. */
export interface LogStart {
  readonly prevIndex: LogIndex
  readonly prevTerm: Term
  readonly startOffset: Offset
}

/** A log's description in a few numbers. Lists are replaced, never changed, so that a copy is cheap. */
export class LogState {
  hardState: HardState = { term: 0, votedFor: NO_BROKER }
  /** The entry before the first one held, and its term. */
  prevIndex: LogIndex = 0
  prevTerm: Term = 0
  startOffset: Offset = 0
  lastIndex: LogIndex = 0
  endOffset: Offset = 0
  /** The first one begins at the first entry held. */
  terms: readonly TermStart[] = []
  /** At most one at or before `prevIndex`: the one in force there. */
  configurations: readonly StoredConfiguration[] = []

  get lastTerm(): Term {
    return this.terms.length > 0 ? this.terms[this.terms.length - 1]!.term : this.prevTerm
  }

  /** The newest term whose start is known; none when no entry is held. */
  get startedTerm(): Term | null {
    return this.terms.length > 0 ? this.terms[this.terms.length - 1]!.term : null
  }

  append(headers: readonly EntryHeader[], payloads: readonly Uint8Array[]): void {
    if (headers.length === 0) return
    this.#appendTerms(newTerms(this.startedTerm, headers))
    this.#appendConfigurations(newConfigurations(headers, payloads))
    const last = headers[headers.length - 1]!
    this.lastIndex = last.index
    this.endOffset = last.lastOffset + 1
  }

  /** Like append, for entries of which only this much is known. */
  extend(
    lastIndex: LogIndex,
    endOffset: Offset,
    terms: readonly TermStart[],
    configurations: readonly StoredConfiguration[],
  ): void {
    this.#appendTerms(terms)
    this.#appendConfigurations(configurations)
    this.lastIndex = lastIndex
    this.endOffset = endOffset
  }

  /** A configuration among the entries held; `extend` has brought its entry. */
  addConfiguration(configuration: StoredConfiguration): void {
    this.#appendConfigurations([configuration])
  }

  /** Discards `from` and all after it; `endOffset` is the base offset of the entry `from`. */
  cut(from: LogIndex, endOffset: Offset): void {
    if (from > this.lastIndex) return
    let kept = this.terms.length
    while (kept > 0 && this.terms[kept - 1]!.index >= from) kept--
    if (kept < this.terms.length) this.terms = this.terms.slice(0, kept)
    this.configurations = this.configurations.filter(({ index }) => index < from)
    this.lastIndex = from - 1
    this.endOffset = endOffset
  }

  /**
   * Drops everything at or before `prevIndex`, which is at most `lastIndex`; the configuration in force there stays.
   */
  trim(start: LogStart): void {
    const { prevIndex, prevTerm, startOffset } = start
    if (prevIndex <= this.prevIndex) return
    const first = prevIndex + 1
    const term = this.termAt(first)
    const terms = this.terms.filter(({ index }) => index > first)
    this.terms = first > this.lastIndex ? none : [{ term, index: first, offset: startOffset }, ...terms]
    const base = this.configurations.filter(({ index }) => index <= prevIndex).slice(-1)
    this.configurations = [...base, ...this.configurations.filter(({ index }) => index > prevIndex)]
    Object.assign(this, { prevIndex, prevTerm, startOffset })
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

  #appendConfigurations(configurations: readonly StoredConfiguration[]): void {
    if (configurations.length > 0) this.configurations = [...this.configurations, ...configurations]
  }
}

const none: readonly TermStart[] = []

/** The terms that begin within a run of entries, `last` being the term that began last before it. */
export function newTerms(last: Term | null, headers: readonly EntryHeader[]): readonly TermStart[] {
  let found: TermStart[] | null = null
  let term = last
  for (const header of headers) {
    if (header.term === term) continue
    term = header.term
    found ??= []
    found.push({ term, index: header.index, offset: header.baseOffset })
  }
  return found ?? none
}

const noConfigurations: readonly StoredConfiguration[] = []

/**
 * The configurations within a run of entries. Their bytes are copied: they outlive the memory that a read or a message
 * shares.
 */
export function newConfigurations(
  headers: readonly EntryHeader[],
  payloads: readonly Uint8Array[],
): readonly StoredConfiguration[] {
  let found: StoredConfiguration[] | null = null
  for (let i = 0; i < headers.length; i++) {
    if (headers[i]!.kind !== EntryKind.Configuration) continue
    found ??= []
    found.push({ index: headers[i]!.index, batch: payloads[i]!.slice() })
  }
  return found ?? noConfigurations
}
