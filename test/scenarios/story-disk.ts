import type { HardState, LogIndex, Term } from '@tailrace/schemas'
import type { RaftMessage } from '../../broker/src/raft/messages.ts'
import type { StoredEntry } from '../sim/core/sim-disk.ts'

/** Mistakes of a driver, for negative controls. */
export interface DiskDefects {
  /** M5: a term or a vote without entries gets no fsync. */
  readonly votesNotSynced: boolean
  /** M25: acknowledgements leave before the entries are fsynced. */
  readonly ackBeforeFsync: boolean
}

export const noDiskDefects: DiskDefects = Object.freeze({ votesNotSynced: false, ackBeforeFsync: false })

export interface DiskWrite {
  /** Number of the Ready that asked for it. */
  readonly number: number
  readonly hardState: HardState | null
  readonly truncateFrom: LogIndex | null
  readonly append: readonly StoredEntry[]
  readonly commitHint: LogIndex
  /** Messages that leave once this write is durable. */
  readonly held: RaftMessage[]
}

/** The fsynced state of one broker, and the writes that are not fsynced: each becomes durable by itself, in order. */
export class StoryDisk {
  hardState: HardState = { term: 0, votedFor: 0 }
  commitHint: LogIndex = 0
  /** Up to there the log was compacted. Its entries stay below for the checks of the story. */
  prevIndex: LogIndex = 0
  prevTerm: Term = 0
  /** Durable entries; entry of index i in slot i - 1. */
  readonly entries: StoredEntry[] = []
  pending: DiskWrite[] = []
  readonly #defects: DiskDefects

  constructor(defects: DiskDefects) {
    this.#defects = defects
  }

  write(write: DiskWrite): void {
    this.pending.push(write)
  }

  /** Keeps messages until all writes so far are durable; returns those that may go at once. */
  hold(messages: readonly RaftMessage[]): readonly RaftMessage[] {
    const last = this.pending.at(-1)
    if (last === undefined) return messages
    const early = (message: RaftMessage) => this.#defects.ackBeforeFsync && message.type === 'append-reply'
    last.held.push(...messages.filter((message) => !early(message)))
    return messages.filter(early)
  }

  /** The oldest write is durable. */
  persistOne(): DiskWrite {
    const write = this.pending.shift()!
    this.#apply(write)
    return write
  }

  /** Durable at once, like the state that covers the removed entries. */
  compact(prevIndex: LogIndex): void {
    this.prevIndex = prevIndex
    this.prevTerm = this.entries[prevIndex - 1]!.header.term
    this.commitHint = Math.max(this.commitHint, prevIndex)
  }

  /** A fetched state takes the place of everything. */
  replace(state: readonly StoredEntry[]): void {
    this.entries.length = 0
    this.entries.push(...state)
    this.pending = []
    this.compact(state.length)
  }

  /** Loses the writes that are not durable, except the oldest `keep`, whose completion the process did not see. */
  crash(keep: number): void {
    for (const write of this.pending.slice(0, keep)) this.#apply(write)
    this.pending = []
  }

  #apply({ hardState, truncateFrom, append, commitHint }: DiskWrite): void {
    if (truncateFrom !== null) this.entries.length = Math.min(this.entries.length, truncateFrom - 1)
    this.entries.push(...append)
    this.commitHint = Math.max(this.commitHint, commitHint)
    if (hardState !== null && (append.length > 0 || !this.#defects.votesNotSynced)) this.hardState = hardState
  }
}
