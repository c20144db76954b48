import { type BrokerId, type EntryHeader, EntryKind, type LogIndex, type Term } from '@tailrace/schemas'
import type { Configuration, IndexedConfiguration, RaftOptions } from '../../broker/src/raft/config.ts'
import type { Defects } from '../../broker/src/raft/defects.ts'
import { type CheckedRaftCore, createRaftWithDefects } from '../../broker/src/raft/group.ts'
import type { RaftMessage } from '../../broker/src/raft/messages.ts'
import type { InstallRequest, ReadRequest, Ready } from '../../broker/src/raft/ready.ts'
import { type Invariants, type Observed, Violation } from '../sim/core/invariants.ts'
import type { StoredEntry } from '../sim/core/sim-disk.ts'
import type { Parcel } from '../sim/core/sim-network.ts'
import { configurationText, entryList, hardStateText } from './render.ts'
import { configurationsOf, startOf } from './start-of.ts'
import { type DiskDefects, StoryDisk } from './story-disk.ts'

/**
 * How much a line is worth: a step by itself, progress, or a change of roles and logs that even a long run should tell.
 */
export const weights = ['step', 'progress', 'change'] as const
export type Weight = (typeof weights)[number]

/** The services that a replica needs of the story. */
export interface Surroundings {
  readonly invariants: Invariants
  readonly diskDefects: DiskDefects
  note(weight: Weight, text: string): void
  send(parcel: Parcel): void
  elected(replica: Replica): void
  acknowledged(value: number): void
  /** False: offers and installs wait for a command. */
  readonly handsOutStates: boolean
  /** The entries of a source up to the index asked for; null if it cannot give them now. */
  fetchState(request: InstallRequest): readonly StoredEntry[] | null
}

const NO_VALUES: readonly number[] = []

/**
 * The driver of one core: follows the order that ready.ts lays down, on a disk whose every fsync is the story's own.
 */
export class Replica implements Observed {
  readonly id: BrokerId
  disk: StoryDisk
  /** The log as written; entry of index i in slot i - 1. */
  log: StoredEntry[] = []
  isLeader = false
  term: Term = 0
  commitIndex: LogIndex = 0
  /** Every write is durable at once. */
  autoPersist = true
  /** A state that this replica is to fetch, until `install` or `giveUpInstall`. */
  installing: InstallRequest | null = null
  /** Null while the process is down. */
  core: CheckedRaftCore | null = null
  options: RaftOptions
  readonly #world: Surroundings
  #values: readonly number[] = NO_VALUES
  #valuesFrom: LogIndex = 0
  readonly #waiting = new Map<LogIndex, StoredEntry>()

  constructor(options: RaftOptions, world: Surroundings) {
    this.id = options.id
    this.options = options
    this.#world = world
    this.disk = new StoryDisk(world.diskDefects)
  }

  get durable(): readonly StoredEntry[] {
    return this.disk.entries
  }

  get admission(): number {
    return this.options.admission ?? 0
  }

  get base(): Configuration {
    return this.options.configuration
  }

  get configurations(): readonly IndexedConfiguration[] {
    return configurationsOf(this.disk.entries)
  }

  start(defects: Defects): void {
    this.log = this.disk.entries.slice()
    this.commitIndex = 0
    this.installing = null
    this.#waiting.clear()
    const start = startOf(this.disk)
    this.term = start.hardState.term
    this.core = createRaftWithDefects(this.options, start, defects)
    this.drain()
  }

  stop(): void {
    this.core = null
    this.isLeader = false
  }

  /** Another replica on this broker: blank, without a configuration, under another admission. */
  renew(admission: number): void {
    this.options = { ...this.options, configuration: { voters: [], outgoing: [], learners: [] }, admission }
    this.disk = new StoryDisk(this.#world.diskDefects)
    this.log = []
  }

  receive({ message, values }: Parcel): void {
    this.#values = values
    this.#valuesFrom = message.type === 'append' ? message.prevIndex + 1 : 0
    this.core!.step(message)
    this.drain()
  }

  /** The reason if the proposal is refused. */
  propose(value: number, records: number, bytes: number): string | null {
    const header = this.core!.propose({ records, bytes })
    if (typeof header === 'string') return header
    this.#waiting.set(header.index, { header, value })
    return null
  }

  /** The oldest `count` writes become durable; returns how many there were. */
  persist(count: number): number {
    let done = 0
    while (done < count && this.disk.pending.length > 0) {
      const { number, held } = this.disk.persistOne()
      this.core!.persisted(number)
      this.#sendAll(held)
      done++
    }
    if (done > 0) this.drain()
    return done
  }

  /** Carries out the Readies of the core. */
  drain(): void {
    const core = this.core!
    while (core.hasReady()) {
      this.#process(core.ready())
      if (this.autoPersist) this.persist(this.disk.pending.length)
      const state = this.installing === null ? null : this.#world.fetchState(this.installing)
      if (state !== null) this.install(state)
    }
    core.checkInvariants()
    this.#values = NO_VALUES
  }

  /**
   * Cuts the prefix of the log. The entries stay visible for the checks of the story; the core does not have them any
   * more.
   */
  compact(prevIndex: LogIndex): void {
    this.core!.compacted(prevIndex, this.log[prevIndex - 1]!.header.term)
    this.disk.compact(prevIndex)
  }

  /** The fetched entries are durable and have replaced this log. */
  install(state: readonly StoredEntry[]): void {
    this.persist(this.disk.pending.length)
    this.#world.invariants.installing(this, state)
    this.log = state.slice()
    this.disk.replace(state)
    this.installing = null
    this.#world.note('change', `${this.id} has the state to ${state.length}`)
    this.core!.installed(startOf(this.disk))
    this.drain()
  }

  giveUpInstall(): void {
    this.installing = null
    this.core!.installFailed()
    this.drain()
  }

  #process(ready: Ready): void {
    if (ready.change !== null) this.#change(ready.change)
    this.#write(ready)
    this.#sendAll(ready.send)
    for (const read of ready.reads) this.#serve(read)
    for (const { to } of ready.offers) this.#offer(to)
    if (ready.lostTail !== null)
      throw new Violation('lost-log', `broker ${this.id} has lost entry ${ready.lostTail.acknowledged}`)
    for (const text of ready.absurdities) throw new Violation('core-assertion', text)
    if (ready.install !== null) {
      this.installing = ready.install
      const { lastIndex, lastTerm, source } = ready.install
      this.#world.note('change', `${this.id} is to fetch the state to ${lastIndex}@${lastTerm} from ${source}`)
    }
    if (ready.memberChange !== null) {
      const { outcome, reason } = ready.memberChange
      this.#world.note('change', `${this.id}: the change is ${outcome}${reason === '' ? '' : ` (${reason})`}`)
    }
    if (ready.transfer !== null) {
      this.#world.note('change', `${this.id}: the transfer to ${ready.transfer.to} is ${ready.transfer.outcome}`)
    }
    if (ready.configuration !== null) {
      this.#world.note('change', `${this.id} goes by ${configurationText(ready.configuration)}`)
    }
    if (ready.commitIndex !== this.commitIndex) this.#commit(ready.commitIndex)
    if (ready.sendAfterPersist.length === 0) return
    const now = this.disk.hold(ready.sendAfterPersist)
    this.#sendAll(now)
  }

  #change({ role, term, leader }: NonNullable<Ready['change']>): void {
    const wasLeader = this.isLeader
    this.term = term
    this.isLeader = role === 'leader'
    const follows = role === 'follower' && leader !== 0 ? ` of ${leader}` : ''
    this.#world.note('change', `${this.id} is ${role}${follows} in term ${term}`)
    if (!this.isLeader || wasLeader) return
    this.#world.invariants.elected(this, term)
    this.#world.elected(this)
  }

  #write({ number, hardState, truncateFrom, append, commitIndex }: Ready): void {
    if (truncateFrom !== null) {
      this.#world.invariants.truncating(this, truncateFrom)
      const cut = this.log.splice(truncateFrom - 1)
      this.#world.note('change', `${this.id} removes ${entryList(cut)}`)
    }
    const stored: StoredEntry[] = append.map((header) => ({ header, value: this.#contentOf(header) }))
    for (const entry of stored) {
      this.log.push(entry)
      this.#world.invariants.appended(this, entry)
    }
    if (hardState === null && truncateFrom === null && append.length === 0) return
    const parts = [hardState === null ? '' : hardStateText(hardState), entryList(stored)].filter((part) => part !== '')
    if (parts.length > 0) this.#world.note('step', `${this.id} writes ${parts.join(', ')}`)
    const commitHint = Math.min(commitIndex, this.log.length)
    this.disk.write({ number, hardState, truncateFrom, append: stored, commitHint, held: [] })
  }

  #contentOf(header: EntryHeader): number {
    const proposed = this.#waiting.get(header.index)
    if (proposed?.header === header) return proposed.value
    const received = this.#values[header.index - this.#valuesFrom]
    if (received !== undefined) return received
    if (header.kind === EntryKind.Records)
      throw new Error(`entry ${header.index} of ${this.id} came without its content`)
    // A control entry's content names its author, so that two leaders of one term could not write the same.
    return -(header.term * 1000 + this.id)
  }

  #commit(to: LogIndex): void {
    const from = this.commitIndex
    this.commitIndex = to
    this.#world.note('progress', `${this.id} commits ${to}`)
    this.#world.invariants.committed(this, from, to)
    for (const [index, { header, value }] of this.#waiting) {
      if (index > to) continue
      this.#waiting.delete(index)
      const entry = this.log[index - 1]!
      // Another leader's entry may have taken the place: then the outcome stays unknown to the client (M97).
      if (entry.header.term === header.term && entry.value === value) this.#world.acknowledged(value)
    }
  }

  /**
   * A follower needs compacted entries. The state that covers them is offered at once, unless the story does it by
   * command.
   */
  #offer(to: BrokerId): void {
    this.#world.note('change', `${this.id} has no entries any more for ${to}`)
    const { prevIndex, prevTerm } = this.disk
    if (this.#world.handsOutStates) this.core!.offerSnapshot(to, prevIndex, prevTerm, this.id)
  }

  #serve({ ticket, from, maxBytes }: ReadRequest): void {
    const headers: EntryHeader[] = []
    let bytes = 0
    for (const { header } of this.log.slice(from <= this.disk.prevIndex ? this.log.length : from - 1)) {
      bytes += header.bytes
      if (headers.length > 0 && bytes > maxBytes) break
      headers.push(header)
    }
    this.core!.entriesRead(ticket, headers)
  }

  #sendAll(messages: readonly RaftMessage[]): void {
    for (const message of messages) {
      const entries = message.type === 'append' ? message.entries : []
      this.#world.send({ message, values: entries.map(({ index }) => this.log[index - 1]!.value) })
    }
  }
}
