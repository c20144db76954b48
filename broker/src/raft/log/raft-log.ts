import type { EntryHeader, LogIndex, Offset, Term } from '@tailrace/schemas'
import type { RaftOptions, RaftStart } from '../config.ts'
import type { Defects } from '../defects.ts'
import { broken } from '../invariant.ts'
import { ConfigurationLog } from './configuration-log.ts'
import { Durability } from './durability.ts'
import { HeaderWindow } from './header-window.ts'
import { TermTable } from './term-table.ts'

const NO_ENTRIES: readonly EntryHeader[] = Object.freeze([])
/** nextOffset between a truncation and the append that follows it in the same step. */
const UNKNOWN_OFFSET = -1
/** The answer of `termAt` for a position that the log does not hold. */
export const NO_TERM = -1

/** The change of the log that one Ready tells the driver to write. */
export interface LogWrite {
  readonly truncateFrom: LogIndex | null
  readonly append: readonly EntryHeader[]
}

/**
 * The log as it will be once all queued writes are done: votes and consistency checks look at this one (M16),
 * acknowledgements at `durability` alone. Entries before `unwrittenFrom` have been given to the driver.
 */
export class RaftLog {
  prevIndex: LogIndex
  prevTerm: Term
  readonly terms: TermTable
  readonly window: HeaderWindow
  readonly durability: Durability
  readonly configurations: ConfigurationLog
  lastIndex: LogIndex
  nextOffset: Offset
  #unwrittenFrom: LogIndex
  #truncateFrom: LogIndex | null = null

  /**
   * A state may cover more than the log beside it holds (M92 (5)): then the log is empty and begins after the entries
   * that the state covers.
   */
  constructor(start: RaftStart, options: RaftOptions, defects: Defects, durability = durabilityOf(start, defects)) {
    const { prevIndex, prevTerm, nextOffset } = start
    const terms = start.lastIndex < prevIndex ? [] : start.terms
    const lastIndex = Math.max(start.lastIndex, prevIndex)
    this.prevIndex = prevIndex
    this.prevTerm = prevTerm
    this.lastIndex = lastIndex
    this.nextOffset = nextOffset
    this.terms = new TermTable(prevIndex, prevTerm, terms)
    this.window = new HeaderWindow(lastIndex + 1)
    this.durability = durability
    this.#unwrittenFrom = lastIndex + 1
    const { id, admission, configuration } = options
    const found = start.configurations
    this.configurations = new ConfigurationLog(configuration, found, id, admission ?? 0, defects.configurationStays)
  }

  get lastTerm(): Term {
    return this.terms.lastTerm
  }

  /** True while a Ready must carry entries or a truncation. */
  get hasWrite(): boolean {
    return this.#unwrittenFrom <= this.lastIndex || this.#truncateFrom !== null
  }

  termAt(index: LogIndex): Term {
    return index < this.prevIndex || index > this.lastIndex ? NO_TERM : this.terms.termAt(index)
  }

  append(header: EntryHeader): void {
    if (header.index !== this.lastIndex + 1) broken(`entry ${header.index} appended after ${this.lastIndex}`)
    if (header.term < this.lastTerm) broken(`entry ${header.index} of term ${header.term} after term ${this.lastTerm}`)
    if (header.baseOffset !== this.nextOffset && this.nextOffset !== UNKNOWN_OFFSET) {
      broken(`entry ${header.index} begins at offset ${header.baseOffset}, expected ${this.nextOffset}`)
    }
    this.terms.append(header.term, header.index, header.baseOffset)
    this.window.push(header)
    this.configurations.append(header)
    this.lastIndex = header.index
    this.nextOffset = header.lastOffset + 1
  }

  /**
   * Discards entries from `index` on; the caller appends the leader's in their place, which says where offsets
   * continue.
   */
  truncateFrom(index: LogIndex): void {
    this.nextOffset = this.window.get(index)?.baseOffset ?? UNKNOWN_OFFSET
    this.terms.truncateFrom(index)
    this.window.truncateFrom(index)
    this.durability.truncatedFrom(index)
    this.configurations.truncateFrom(index)
    this.lastIndex = index - 1
    if (index >= this.#unwrittenFrom) return
    // Below any earlier truncation that is not told yet: entries appended after that one are unwritten.
    this.#unwrittenFrom = index
    this.#truncateFrom = index
  }

  /** Forgets the entries up to `prevIndex`, committed, durable, and of `prevTerm` at the end. */
  compact(prevIndex: LogIndex, prevTerm: Term): void {
    if (this.termAt(prevIndex) !== prevTerm) broken(`entry ${prevIndex} was compacted with term ${prevTerm}`)
    this.prevIndex = prevIndex
    this.prevTerm = prevTerm
    this.terms.compact(prevIndex, prevTerm)
    this.window.compact(prevIndex)
    this.configurations.compactedTo(prevIndex)
  }

  /** The change that the driver has not been told yet; this call counts as telling it. */
  takeWrite(): LogWrite {
    const truncateFrom = this.#truncateFrom
    const append = this.#unwrittenFrom <= this.lastIndex ? this.window.tail(this.#unwrittenFrom) : NO_ENTRIES
    this.#truncateFrom = null
    this.#unwrittenFrom = this.lastIndex + 1
    return { truncateFrom, append }
  }
}

function durabilityOf({ hardState, lastIndex, prevIndex }: RaftStart, { lateWriteCounts }: Defects): Durability {
  return new Durability(Math.max(lastIndex, prevIndex), hardState.term, hardState.votedFor, lateWriteCounts)
}
