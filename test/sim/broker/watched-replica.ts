import type { BrokerId, HardState, LogIndex, Term, TermStart } from '@tailrace/schemas'
import { crcAt } from '@tailrace/schemas'
import type { GroupLog, LogWrite } from '../../../broker/src/log/types.ts'
import type { CheckedRaftCore } from '../../../broker/src/raft/group.ts'
import type { Ready } from '../../../broker/src/raft/ready.ts'
import type { Observed } from '../invariants.ts'
import type { StoredEntry } from '../sim-disk.ts'
import { Finding } from './finding.ts'
import type { WatchedGroup } from './watched-group.ts'

/** One replica as the core and the log show it: what is written, what is synced, what is committed. It outlives its broker's lives. */
export class WatchedReplica implements Observed {
  readonly id: BrokerId
  /** As written; entry of index i in slot i - 1. */
  log: StoredEntry[] = []
  /** As synced. Rot does not change it: what a minority has lost must still be on the others. */
  readonly durable: StoredEntry[] = []
  isLeader = false
  term: Term = 0
  commitIndex: LogIndex = 0
  core: CheckedRaftCore | null = null
  readonly #group: WatchedGroup
  #syncedState: HardState = { term: 0, votedFor: 0 }
  #unsynced: LogWrite[] = []
  #commitAfterWrite: LogIndex | null = null

  constructor(group: WatchedGroup, id: BrokerId) {
    this.#group = group
    this.id = id
  }

  /** A broker has recovered this replica's log: all that was ever synced must be there, unless it says that its disk is damaged. */
  recovered(log: GroupLog): void {
    this.#unsynced = []
    const entries: StoredEntry[] = this.log.slice(0, log.prevIndex)
    for (let index = log.prevIndex + 1; index <= log.lastIndex; index++) {
      const entry = this.#group.known(index, termAt(log.terms, index))
      if (entry === undefined)
        throw new Finding('log-matching', `${this.#name} has found entry ${index}, which nobody wrote`)
      entries.push(entry)
    }
    this.log = entries
    if (log.damage !== null) {
      this.#group.damaged(this.id, log.damage)
      return
    }
    this.#requireSynced(log)
    this.durable.length = 0
    this.durable.push(...entries)
    this.#syncedState = log.hardState
  }

  /** A broker begins with an empty log. */
  created(mayBeBlank: boolean): void {
    if (this.durable.length > 0 && !mayBeBlank)
      throw new Finding('synced-is-kept', `${this.#name} has lost its whole log`)
    this.#unsynced = []
    this.log = []
    this.durable.length = 0
    this.#syncedState = { term: 0, votedFor: 0 }
  }

  started(core: CheckedRaftCore): void {
    this.core = core
    this.isLeader = false
    this.term = core.term
    this.commitIndex = core.commitIndex
    this.#commitAfterWrite = null
  }

  stopped(): void {
    this.core = null
    this.isLeader = false
  }

  /** What the core asks for, before the driver does it. */
  ready({ change, hardState, truncateFrom, append, commitIndex }: Ready): void {
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

  write(write: LogWrite): void {
    const { truncateFrom, entries, payloads } = write
    if (truncateFrom !== null) {
      this.#group.invariants.truncating(this, truncateFrom)
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
      if (truncateFrom !== null) this.durable.length = Math.min(this.durable.length, truncateFrom - 1)
      for (const header of entries) {
        const entry = this.#group.known(header.index, header.term)
        if (entry !== undefined) this.durable[header.index - 1] = entry
      }
      if (hardState !== null) this.#syncedState = hardState
    }
  }

  #commit(to: LogIndex): void {
    if (to === this.commitIndex) return
    this.#group.committed(this, this.commitIndex, to)
    this.commitIndex = to
  }

  #requireSynced(log: GroupLog): void {
    for (let at = log.prevIndex; at < this.durable.length; at++) {
      const [was, is] = [this.durable[at]!, this.log[at]]
      if (is?.header.term === was.header.term && is.value === was.value) continue
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

/** A number that tells contents apart: the batch's own checksum, with where it stands. */
function contentOf(batch: Uint8Array, baseOffset: number): number {
  return crcAt(batch, 0) * 0x10000 + (baseOffset & 0xffff)
}

function termAt(terms: readonly TermStart[], index: LogIndex): Term {
  let term = 0
  for (const start of terms) if (start.index <= index) term = start.term
  return term
}
