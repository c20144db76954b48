import type { BrokerId, HardState, LogIndex, Term } from '@tailrace/schemas'
import { crcAt, EntryKind } from '@tailrace/schemas'
import type { GroupLog, LogWrite } from '../../../broker/src/log/log-storage.ts'
import type { Configuration, ConfigurationHeader, IndexedConfiguration } from '../../../broker/src/raft/config.ts'
import type { CheckedRaftCore } from '../../../broker/src/raft/group.ts'
import type { Ready } from '../../../broker/src/raft/ready.ts'
import type { Observed } from '../core/invariants.ts'
import type { StoredEntry } from '../core/sim-disk.ts'
import { Finding } from './finding.ts'

/** The events that a replica reports, and its questions about its group. */
export interface GroupView {
  readonly id: number
  /** The entry of this index and term: Log Matching says that there is one. */
  known(index: LogIndex, term: Term): StoredEntry | undefined
  /** The committed entries 1 to `to`. @throws Finding when not so many are committed */
  committedUpTo(to: LogIndex, who: string): readonly StoredEntry[]
  readonly committedCount: number
  appended(replica: WatchedReplica, entry: StoredEntry, payload: Uint8Array): void
  truncating(replica: WatchedReplica, from: LogIndex): void
  elected(replica: WatchedReplica): void
  committed(replica: WatchedReplica, from: LogIndex, to: LogIndex): void
  damaged(): void
}

export const noMembers: Configuration = { voters: [], outgoing: [], learners: [] }

/**
 * One broker's replica as core and log show it: its written, synced and committed entries. It outlives its broker's
 * lives. Entry of index i is in slot i - 1 also where the log's prefix has been cut or never was here: the state that
 * covers it is committed, and so known.
 */
export class WatchedReplica implements Observed {
  readonly id: BrokerId
  /** As written. */
  log: StoredEntry[] = []
  /** As synced. Rot does not change it: entries that a minority has lost must still be on the others. */
  readonly durable: StoredEntry[] = []
  /** The entries in `durable`. */
  readonly configurations: IndexedConfiguration[] = []
  admission = 0
  base: Configuration
  isLeader = false
  term: Term = 0
  commitIndex: LogIndex = 0
  core: CheckedRaftCore | null = null
  process: { readonly stoodStill: boolean } | null = null
  /** Its disk has lost synced entries without a trace: other brokers must show it (BrokerDefects, faults/rot.ts). */
  hasLostTail = false
  /** Sleeps that have begun. */
  sleeps = 0
  #asleep = false
  readonly #group: GroupView
  #syncedState: HardState = { term: 0, votedFor: 0 }
  #unsynced: LogWrite[] = []
  #commitAfterWrite: LogIndex | null = null
  #installing = false

  constructor(group: GroupView, id: BrokerId, base: Configuration) {
    this.#group = group
    this.id = id
    this.base = base
  }

  /**
   * A broker has recovered this replica's log: all entries that were ever synced must be there, unless it says that its
   * disk is damaged.
   */
  recovered(log: GroupLog): void {
    // Entries that were being written when the broker crashed may have reached the disk.
    const replaced = Math.min(...this.#unsynced.map(({ truncateFrom }) => truncateFrom ?? Number.POSITIVE_INFINITY))
    this.#unsynced = []
    this.log = this.#entriesOf(log)
    if (log.damage !== null || this.hasLostTail) {
      this.#group.damaged()
      // Its entries, and those that it had promised before as far as they can still follow. An old copy takes no
      // promise back.
      const differs = !this.hasLostTail && this.#commonLength() < Math.min(this.log.length, this.durable.length)
      if (differs || this.log.length > this.durable.length) this.#setDurable(this.log)
      return
    }
    this.#requireSynced(log, replaced)
    this.#installing = false
    this.#setDurable(this.log)
    this.#syncedState = log.hardState
  }

  /** A broker begins with an empty log. `mayBeBlank`: it may have had one before. */
  created(mayBeBlank: boolean): void {
    if (this.durable.length > 0 && !mayBeBlank)
      throw new Finding('synced-is-kept', `${this.#name} has lost its whole log`)
    this.#forget()
  }

  /** It says that it may have forgotten its log: as damaged as one that has lost everything. */
  createdDamaged(): void {
    this.#unsynced = []
    this.log = []
    this.#group.damaged()
  }

  /** It has found that it cannot read its entries from there on, and says so. */
  lost(from: LogIndex): void {
    this.log.length = Math.min(this.log.length, from - 1)
    this.#group.damaged()
  }

  /** The group goes on without it: a replica that comes back under this broker's name is another one. */
  removed(): void {
    this.#forget()
    this.hasLostTail = false
    this.base = noMembers
  }

  /**
   * Another replica's log is being put in the place of this one's: from now on a crash leaves the old or the new one.
   */
  installing(): void {
    this.#installing = true
  }

  installed(log: GroupLog): void {
    const entries = this.#entriesOf(log)
    if (this.log.length > entries.length) this.#group.truncating(this, entries.length + 1)
    this.#installing = false
    this.log = entries
    this.#setDurable(entries)
    // Writes that the old log had not stored are given up, except terms and votes.
    this.#unsynced = this.#unsynced.map((write) => ({ ...write, truncateFrom: null, entries: [], payloads: [] }))
  }

  /** The log has cut the entries up to `prevIndex`. */
  cut(prevIndex: LogIndex): void {
    // Of a replica that is being stopped only the group's knowledge is left.
    const own = this.core === null ? prevIndex : Math.max(this.commitIndex, this.core.commitIndex)
    if (prevIndex <= Math.min(this.#group.committedCount, own)) return
    throw new Finding('cut-is-committed', `${this.#name} cuts entry ${prevIndex}, which it has not committed`)
  }

  repaired(): void {
    this.hasLostTail = false
    this.#setDurable(this.durable.slice(0, this.#commonLength()))
  }

  started(core: CheckedRaftCore, admission: number, base: Configuration): void {
    this.core = core
    this.admission = admission
    this.base = base
    this.isLeader = false
    this.term = core.term
    this.commitIndex = core.commitIndex
    this.#commitAfterWrite = null
    this.#asleep = false
  }

  stopped(): void {
    this.core = null
    this.isLeader = false
  }

  /** The core's Ready, before the driver carries it out. */
  ready({ change, hardState, truncateFrom, append, commitIndex, lostTail, absurdities }: Ready): void {
    if (lostTail !== null && !this.hasLostTail)
      throw new Finding('synced-is-kept', `${this.#name} has lost entry ${lostTail.acknowledged}, says its leader`)
    for (const text of absurdities) throw new Finding('replica-broken', `${this.#name} was sent nonsense: ${text}`)
    if (change !== null) {
      this.term = change.term
      const wasLeader = this.isLeader
      this.isLeader = change.role === 'leader'
      if (this.isLeader && !wasLeader) this.#group.elected(this)
    }
    const writes = hardState !== null || truncateFrom !== null || append.length > 0
    if (writes) this.#commitAfterWrite = commitIndex
    else this.#commit(commitIndex)
  }

  /** After each event that the core took part in. */
  review(): void {
    this.core!.checkInvariants()
    if (this.core!.asleep && !this.#asleep) this.sleeps++
    this.#asleep = this.core!.asleep
  }

  write(write: LogWrite): void {
    const { truncateFrom, entries, payloads } = write
    if (truncateFrom !== null) {
      this.#group.truncating(this, truncateFrom)
      this.log.length = truncateFrom - 1
    }
    for (let at = 0; at < entries.length; at++) {
      const header = entries[at]!
      const entry = { header, value: contentOf(payloads[at]!, header.baseOffset) }
      this.log.push(entry)
      this.#group.appended(this, entry, payloads[at]!)
    }
    this.#unsynced.push(write)
    if (this.#commitAfterWrite === null) return
    const commitIndex = this.#commitAfterWrite
    this.#commitAfterWrite = null
    this.#commit(commitIndex)
  }

  /** All writes up to the ticket are synced. */
  synced(ticket: number): void {
    while (this.#unsynced.length > 0 && this.#unsynced[0]!.ticket <= ticket) {
      const { truncateFrom, entries, hardState } = this.#unsynced.shift()!
      if (truncateFrom !== null && truncateFrom <= this.durable.length) {
        this.durable.length = truncateFrom - 1
        while ((this.configurations.at(-1)?.index ?? 0) >= truncateFrom) this.configurations.pop()
      }
      for (const header of entries) {
        const entry = this.#group.known(header.index, header.term)
        if (entry === undefined || this.durable[header.index - 1] === entry) continue
        // Where it replaces rotten entries, nothing was truncated.
        if (header.index <= this.durable.length) this.#setDurable(this.durable.slice(0, header.index - 1))
        this.durable[header.index - 1] = entry
        if (header.kind === EntryKind.Configuration) this.configurations.push(indexed(entry))
      }
      if (hardState !== null) this.#syncedState = hardState
    }
  }

  #forget(): void {
    this.#unsynced = []
    this.log = []
    this.#setDurable([])
    this.#syncedState = { term: 0, votedFor: 0 }
    this.#installing = false
  }

  /** Entries from the first on that are as promised. */
  #commonLength(): number {
    const differs = ({ header, value }: StoredEntry, index: number): boolean =>
      this.durable[index]?.header.term !== header.term || this.durable[index]?.value !== value
    const at = this.log.findIndex(differs)
    return at < 0 ? this.log.length : at
  }

  #setDurable(entries: readonly StoredEntry[]): void {
    const kept = entries === this.durable ? entries.slice() : entries
    this.durable.length = 0
    this.configurations.length = 0
    for (const entry of kept) {
      this.durable.push(entry)
      if (entry.header.kind === EntryKind.Configuration) this.configurations.push(indexed(entry))
    }
  }

  #entriesOf(log: GroupLog): StoredEntry[] {
    const entries = this.#group.committedUpTo(log.prevIndex, this.#name).slice()
    for (let index = log.prevIndex + 1; index <= log.lastIndex; index++) {
      const entry = this.#group.known(index, termAt(log, index))
      if (entry === undefined)
        throw new Finding('log-matching', `${this.#name} has found entry ${index}, which no broker wrote`)
      entries.push(entry)
    }
    return entries
  }

  #commit(to: LogIndex): void {
    if (to === this.commitIndex) return
    this.#group.committed(this, this.commitIndex, to)
    this.commitIndex = to
  }

  #requireSynced(log: GroupLog, replaced: LogIndex): void {
    // Entries that an installation removes are not committed.
    const promised = this.#installing ? Math.min(this.durable.length, this.#group.committedCount) : this.durable.length
    for (let at = log.prevIndex; at < promised; at++) {
      const [was, is] = [this.durable[at]!, this.log[at]]
      if (is?.header.term === was.header.term && is.value === was.value) continue
      if (at + 1 >= replaced || (this.#installing && is !== undefined)) continue
      throw new Finding('synced-is-kept', `${this.#name} has lost entry ${at + 1} of term ${was.header.term}`)
    }
    const { term, votedFor } = log.hardState
    const was = this.#syncedState
    if (term > was.term || (term === was.term && (was.votedFor === 0 || was.votedFor === votedFor))) return
    throw new Finding('synced-is-kept', `${this.#name} has forgotten its vote for ${was.votedFor} in term ${was.term}`)
  }

  get #name(): string {
    return `broker ${this.id}, group ${this.#group.id},`
  }
}

function indexed({ header }: StoredEntry): IndexedConfiguration {
  return { index: header.index, configuration: (header as ConfigurationHeader).configuration }
}

/** A number that tells contents apart: the batch's own checksum, with where it stands. */
export function contentOf(batch: Uint8Array, baseOffset: number): number {
  return crcAt(batch, 0) * 0x10000 + (baseOffset & 0xffff)
}

/** Entries before the first start have the term of the entry before the log, as in the core's term table. */
function termAt({ terms, prevTerm }: GroupLog, index: LogIndex): Term {
  let term = prevTerm
  for (const start of terms) if (start.index <= index) term = start.term
  return term
}
