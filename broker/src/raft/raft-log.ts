import type { EntryHeader, LogIndex, Offset, Term } from '@tailrace/schemas'
import type { RaftOptions, RaftStart } from './config.ts'
import { ConfigurationLog } from './configuration-log.ts'
import type { Defects } from './defects.ts'
import { Durability } from './durability.ts'
import { HeaderWindow } from './header-window.ts'
import { broken } from './invariant.ts'
import { TermTable } from './term-table.ts'

const NO_ENTRIES: readonly EntryHeader[] = Object.freeze([])
/** nextOffset between a truncation and the append that follows it in the same step. */
const UNKNOWN_OFFSET = -1
/** What `termAt` answers for a position that the log does not hold. */
export const NO_TERM = -1

/** What one Ready tells the driver to write to the log. */
export interface LogWrite {
  readonly truncateFrom: LogIndex | null
  readonly append: readonly EntryHeader[]
}

/**
 * The log as it will be once all queued writes are done: votes and consistency checks look at this one (M16), acknowledgements at
 * `durability` alone. Entries before `unwrittenFrom` have been handed to the driver.
 */
export class RaftLog {
  readonly prevIndex: LogIndex
  readonly prevTerm: Term
  readonly terms: TermTable
  readonly window: HeaderWindow
  readonly durability: Durability
  readonly configurations: ConfigurationLog
  lastIndex: LogIndex
  nextOffset: Offset
  #unwrittenFrom: LogIndex
  #truncateFrom: LogIndex | null = null

  constructor(start: RaftStart, options: RaftOptions, defects: Defects) {
    const { hardState, prevIndex, prevTerm, lastIndex, nextOffset, terms } = start
    if (lastIndex < prevIndex) broken(`the log ends at ${lastIndex}, before its start ${prevIndex}`)
    this.prevIndex = prevIndex
    this.prevTerm = prevTerm
    this.lastIndex = lastIndex
    this.nextOffset = nextOffset
    this.terms = new TermTable(prevIndex, prevTerm, terms)
    this.window = new HeaderWindow(lastIndex + 1)
    this.durability = new Durability(lastIndex, hardState.term, hardState.votedFor, defects.lateWriteCounts)
    this.#unwrittenFrom = lastIndex + 1
    const { id, admission, configuration } = options
    const found = start.configurations ?? []
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

  /** Discards entries from `index` on; the caller appends the leader's in their place, which says where offsets go on. */
  truncateFrom(index: LogIndex): void {
    this.nextOffset = this.window.get(index)?.baseOffset ?? UNKNOWN_OFFSET
    this.terms.truncateFrom(index)
    this.window.truncateFrom(index)
    this.durability.truncatedFrom(index)
    this.configurations.truncateFrom(index)
    this.lastIndex = index - 1
    if (index < this.#unwrittenFrom) {
      this.#unwrittenFrom = index
      if (this.#truncateFrom === null || index < this.#truncateFrom) this.#truncateFrom = index
    }
  }

  /** What the driver has not been told yet; it has been told afterwards. */
  takeWrite(): LogWrite {
    const truncateFrom = this.#truncateFrom
    const append = this.#unwrittenFrom <= this.lastIndex ? this.window.tail(this.#unwrittenFrom) : NO_ENTRIES
    this.#truncateFrom = null
    this.#unwrittenFrom = this.lastIndex + 1
    return { truncateFrom, append }
  }
}
