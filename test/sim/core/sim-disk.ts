import { type EntryHeader, EntryKind, type HardState, type LogIndex } from '@tailrace/schemas'
import type { ConfigurationHeader, IndexedConfiguration } from '../../../broker/src/raft/config.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'

/** An entry with the identity of its content, which a header alone does not show. */
export interface StoredEntry {
  readonly header: EntryHeader
  readonly value: number
}

export interface DiskWrite {
  /** Number of the Ready that asked for it. */
  readonly number: number
  readonly hardState: HardState | null
  readonly truncateFrom: LogIndex | null
  readonly append: readonly StoredEntry[]
  readonly commitHint: LogIndex
}

/** Committed state up to prevIndex, and the committed entries after it. */
export interface LogCopy {
  readonly entries: readonly StoredEntry[]
  readonly prevIndex: LogIndex
}

/**
 * One broker's disk, with two watermarks: of written and of fsynced entries. A crash forgets entries that were not
 * fsynced, or keeps some of it from the front: the journal writes in order, so the surviving part is always a prefix.
 */
export class SimDisk {
  hardState: HardState = { term: 0, votedFor: 0 }
  commitHint: LogIndex = 0
  /** The log begins after it. Entries before represent the state that covers them: the content of a snapshot. */
  prevIndex: LogIndex = 0
  /** Durable entries; entry of index i in slot i - 1. */
  readonly entries: StoredEntry[] = []
  /** Those of the durable entries that are configurations. */
  readonly configurations: IndexedConfiguration[] = []
  readonly #votesNotSynced: boolean
  readonly #queue: DiskWrite[] = []
  #syncing = 0
  /** With the defect: a hard state that was "written" and that no fsync has covered. */
  #cachedHardState: HardState | null = null

  constructor(votesNotSynced: boolean) {
    this.#votesNotSynced = votesNotSynced
  }

  /** Ready number of the newest write, durable or not; 0 if all writes so far are durable. */
  get lastPending(): number {
    return this.#queue.length === 0 ? 0 : this.#queue[this.#queue.length - 1]!.number
  }

  get isSyncing(): boolean {
    return this.#syncing > 0
  }

  write(write: DiskWrite): void {
    this.#queue.push(write)
  }

  /** The prefix up to `prevIndex` is cut, durably. */
  compact(prevIndex: LogIndex): void {
    this.prevIndex = prevIndex
    this.#forgetConfigurations()
  }

  /** A fetched state takes the place of state and log, all at once. Pending writes hold no entries meanwhile. */
  install(copy: LogCopy): void {
    this.entries.splice(0, this.entries.length, ...copy.entries)
    this.prevIndex = copy.prevIndex
    this.commitHint = copy.entries.length
    this.configurations.length = 0
    for (const { header } of copy.entries) this.#note(header)
    this.#forgetConfigurations()
  }

  /** Starts an fsync of all that is written; false if there is nothing to do, or one is running. */
  beginSync(): boolean {
    if (this.#syncing > 0 || this.#queue.length === 0) return false
    this.#syncing = this.#queue.length
    return true
  }

  /** The fsync is done. Returns the Ready number up to which all writes are durable. */
  endSync(): number {
    const done = this.#queue.splice(0, this.#syncing)
    this.#syncing = 0
    for (const write of done) this.#apply(write, write.append.length)
    return done[done.length - 1]!.number
  }

  /**
   * Loses entries that were not fsynced, except, with `keepSome`, a random prefix of it that ends anywhere, even within
   * a write.
   */
  crash(random: SimRandom, keepSome: boolean): void {
    const lost = this.#queue.splice(0)
    this.#syncing = 0
    this.#cachedHardState = null
    if (!keepSome) return
    const kept = random.below(lost.length + 1)
    for (let i = 0; i < kept; i++) this.#apply(lost[i]!, lost[i]!.append.length)
    const torn = lost[kept]
    if (torn !== undefined && torn.append.length > 0) {
      this.#apply({ ...torn, commitHint: 0 }, random.below(torn.append.length))
    }
  }

  #apply(write: DiskWrite, entries: number): void {
    if (write.truncateFrom !== null) this.#truncateFrom(write.truncateFrom)
    for (let i = 0; i < entries; i++) this.#append(write.append[i]!)
    this.commitHint = Math.max(this.commitHint, write.commitHint)
    if (!this.#votesNotSynced) {
      if (write.hardState !== null) this.hardState = write.hardState
      return
    }
    // The defect: a term or vote on its own gets no fsync and becomes durable only with the next entries.
    if (write.hardState !== null) this.#cachedHardState = write.hardState
    if (write.append.length > 0 && this.#cachedHardState !== null) this.hardState = this.#cachedHardState
  }

  #append(entry: StoredEntry): void {
    this.entries.push(entry)
    this.#note(entry.header)
  }

  #note(header: EntryHeader): void {
    if (header.kind !== EntryKind.Configuration) return
    this.configurations.push({ index: header.index, configuration: (header as ConfigurationHeader).configuration })
  }

  #truncateFrom(index: LogIndex): void {
    this.entries.length = Math.min(this.entries.length, index - 1)
    while (this.configurations.length > 0 && this.configurations.at(-1)!.index >= index) this.configurations.pop()
  }

  /** Of the configurations before the log's beginning only the one that governs there is kept (M42). */
  #forgetConfigurations(): void {
    const base = this.configurations.findLastIndex(({ index }) => index <= this.prevIndex)
    if (base > 0) this.configurations.splice(0, base)
  }
}
