import { type BrokerId, type EntryHeader, EntryKind, type LogIndex, type Term } from '@tailrace/schemas'
import type { Configuration, IndexedConfiguration, RaftOptions } from '../../../broker/src/raft/config.ts'
import type { MemberTarget } from '../../../broker/src/raft/core.ts'
import type { Defects } from '../../../broker/src/raft/defects.ts'
import { type CheckedRaftCore, createRaftWithDefects } from '../../../broker/src/raft/group.ts'
import type { RaftMessage } from '../../../broker/src/raft/messages.ts'
import type { InstallRequest, ReadRequest, Ready } from '../../../broker/src/raft/ready.ts'
import { type Invariants, type Observed, Violation } from './invariants.ts'
import { type NodeNote, NodeWatch } from './node-watch.ts'
import { type LogCopy, SimDisk, type StoredEntry } from './sim-disk.ts'
import type { Parcel } from './sim-network.ts'
import { startOf } from './start-of.ts'

/** Mistakes of a driver, for negative controls. */
export interface DriverDefects {
  /** M5: a term or a vote alone gets no fsync. */
  readonly votesNotSynced: boolean
  /** M25: acknowledgements leave before the entries are fsynced. */
  readonly followerAcksBeforeFsync: boolean
  /** M24: the clock of a leader runs at half speed, far beyond what a lease allows for. */
  readonly slowLeaderClock: boolean
  /** M49: the old state is deleted before the new one is complete and in place. */
  readonly installDeletesFirst: boolean
  /** M36: a broker that restarts takes all of its log for committed. */
  readonly restartCommitsTail: boolean
}

/** The services that a broker needs of the world. */
export interface Surroundings {
  readonly invariants: Invariants
  /** All brokers that may be members. */
  readonly ids: readonly BrokerId[]
  send(parcel: Parcel): void
  tell(note: NodeNote): void
  /** Asks for `broker.syncDone()` after the time of an fsync. */
  startSync(broker: SimBroker): void
  startRead(broker: SimBroker, read: ReadRequest): void
  /** Asks for `broker.offer(to, ...)` of a state of some replica. */
  startOffer(broker: SimBroker, to: BrokerId): void
  /** Asks for `broker.stage` and `broker.finishInstall`, or `broker.installFailed`. */
  startInstall(broker: SimBroker, request: InstallRequest): void
  acknowledged(value: number, index: LogIndex, term: Term): void
  elected(broker: SimBroker): void
  candidate(broker: SimBroker): void
  fellAsleep(broker: SimBroker): void
  changes: number
  transfers: number
}

interface Held {
  /** Ready number of the write that must be durable first. */
  readonly after: number
  readonly messages: readonly RaftMessage[]
}

const NO_VALUES: readonly number[] = []

/** One broker's replica: the driver of a Raft core on a simulated disk and network. */
export class SimBroker implements Observed {
  readonly id: BrokerId
  disk: SimDisk
  /** The log as written; the part that a crash leaves is on the disk. */
  log: StoredEntry[] = []
  isLeader = false
  term: Term = 0
  /** A fetched state that is about to take the log's place: a crash leaves the old one or this one. */
  staged: LogCopy | null = null
  /** Null while the process is down. */
  core: CheckedRaftCore | null = null
  /** Only where groups may sleep. */
  #watch: NodeWatch | null = null
  #options: RaftOptions
  readonly #coreDefects: Defects
  readonly #defects: DriverDefects
  readonly #world: Surroundings
  #commitIndex: LogIndex = 0
  #held: Held[] = []
  /** Contents of the entries that the core may append in this event: by index, from `#valuesFrom`. */
  #values: readonly number[] = NO_VALUES
  #valuesFrom: LogIndex = 0
  #waiting = new Map<LogIndex, StoredEntry>()

  constructor(options: RaftOptions, coreDefects: Defects, defects: DriverDefects, world: Surroundings) {
    this.id = options.id
    this.disk = new SimDisk(defects.votesNotSynced)
    this.#options = options
    this.#coreDefects = coreDefects
    this.#defects = defects
    this.#world = world
  }

  /** The configuration that governs while the log holds none, and the replica of this broker that it is. */
  get base(): Configuration {
    return this.#options.configuration
  }

  get admission(): number {
    return this.#options.admission ?? 0
  }

  get configurations(): readonly IndexedConfiguration[] {
    return this.disk.configurations
  }

  get durable(): readonly StoredEntry[] {
    return this.disk.entries
  }

  get commitIndex(): LogIndex {
    return this.#commitIndex
  }

  get prevIndex(): LogIndex {
    return this.disk.prevIndex
  }

  start(): void {
    this.staged = null
    this.log = this.disk.entries.slice()
    this.#held = []
    this.#waiting.clear()
    this.#commitIndex = 0
    const found = startOf(this.disk)
    const start = this.#defects.restartCommitsTail ? { ...found, commitHint: found.lastIndex } : found
    this.core = createRaftWithDefects(this.#options, start, this.#coreDefects)
    this.#watch = this.#options.sleepAfterTicks === undefined ? null : this.#newWatch()
    this.#watch?.begin()
    this.drain()
  }

  stop(): void {
    this.core = null
    this.isLeader = false
  }

  /** The process is down: its replica is deleted, and a blank one is created under another admission. */
  renew(admission: number): void {
    this.#options = { ...this.#options, configuration: { voters: [], outgoing: [], learners: [] }, admission }
    this.disk = new SimDisk(this.#defects.votesNotSynced)
    this.log = []
    this.term = 0
  }

  changeMembers(target: MemberTarget): string {
    const answer = this.core!.changeMembers(target)
    this.drain()
    return answer
  }

  transferLeadership(to: BrokerId): string {
    const answer = this.core!.transferLeadership(to)
    this.drain()
    return answer
  }

  tick(): void {
    if (!this.core!.asleep) this.core!.tick()
    this.drain()
    this.#watch?.tick()
  }

  told(note: NodeNote): void {
    this.#watch?.told(note)
  }

  receive({ message, values }: Parcel): void {
    this.#values = values
    this.#valuesFrom = message.type === 'append' ? message.prevIndex + 1 : 0
    this.core!.step(message)
    this.drain()
  }

  /** True if the broker leads and took the proposal; it is acknowledged later, or never. */
  propose(value: number, records: number, bytes: number): boolean {
    const header = this.core!.propose({ records, bytes })
    if (typeof header === 'string') return false
    this.#waiting.set(header.index, { header, value })
    this.drain()
    return true
  }

  syncDone(): void {
    const number = this.disk.endSync()
    this.core!.persisted(number)
    let count = 0
    while (count < this.#held.length && this.#held[count]!.after <= number) this.#sendAll(this.#held[count++]!.messages)
    this.#held.splice(0, count)
    this.drain()
    if (this.disk.beginSync()) this.#world.startSync(this)
  }

  readDone({ ticket, from, maxBytes }: ReadRequest, fails: boolean): void {
    const headers: EntryHeader[] = []
    let bytes = 0
    for (let slot = from - 1; !fails && slot < this.log.length && bytes < maxBytes; slot++) {
      headers.push(this.log[slot]!.header)
      bytes += this.log[slot]!.header.bytes
    }
    this.core!.entriesRead(ticket, headers)
    this.drain()
  }

  peerUnreachable(peer: BrokerId): void {
    this.#watch?.relink(peer)
    this.core!.peerUnreachable(peer)
    this.drain()
  }

  campaign(): void {
    this.core!.campaign()
    this.drain()
  }

  /** Cuts the log; false if `prevIndex` is not durable here. */
  compact(prevIndex: LogIndex): void {
    this.disk.compact(prevIndex)
    this.core!.compacted(prevIndex, this.log[prevIndex - 1]!.header.term)
    this.drain()
  }

  offer(to: BrokerId, lastIndex: LogIndex, source: BrokerId): void {
    this.core!.offerSnapshot(to, lastIndex, this.log[lastIndex - 1]!.header.term, source)
    this.drain()
  }

  /**
   * State and log up to `lastIndex`, as they are on the disk, or null if the log there is another, or the state already
   * covers more.
   */
  copy({ lastIndex, lastTerm }: InstallRequest): readonly StoredEntry[] | null {
    if (this.core === null || lastIndex < this.prevIndex) return null
    return this.durable[lastIndex - 1]?.header.term === lastTerm ? this.durable.slice(0, lastIndex) : null
  }

  finishInstall(): void {
    const copy = this.staged!
    this.#world.invariants.installing(this, copy.entries)
    this.staged = null
    this.disk.install(copy)
    this.log = copy.entries.slice()
    this.core!.installed(startOf(this.disk))
    this.#world.invariants.durableMajority()
    this.drain()
  }

  installFailed(): void {
    this.core!.installFailed()
    this.drain()
  }

  /** Whether a reader with this token is served. */
  serves(term: Term, index: LogIndex): boolean {
    const served = this.core!.commitToken(term, index)
    this.drain()
    return served
  }

  drain(): void {
    const core = this.core!
    while (core.hasReady()) this.#process(core.ready())
    core.checkInvariants()
    this.#values = NO_VALUES
    this.#watch?.noteSleep()
  }

  #newWatch(): NodeWatch {
    const world = this.#world
    const peers = world.ids.filter((id) => id !== this.id)
    return new NodeWatch(
      this,
      peers,
      this.#options.heartbeatTicks,
      (note) => world.tell(note),
      () => world.fellAsleep(this),
    )
  }

  #process(ready: Ready): void {
    if (ready.change !== null) {
      this.term = ready.change.term
      const wasLeader = this.isLeader
      this.isLeader = ready.change.role === 'leader'
      if (ready.change.role === 'candidate') this.#world.candidate(this)
      if (this.isLeader && !wasLeader) {
        this.#world.invariants.elected(this, this.term)
        this.#world.elected(this)
      }
    }
    this.#write(ready)
    this.#sendAll(ready.send)
    for (const read of ready.reads) this.#world.startRead(this, read)
    for (const { to } of ready.offers) this.#world.startOffer(this, to)
    if (ready.install !== null) this.#world.startInstall(this, ready.install)
    if (ready.lostTail !== null)
      throw new Violation('lost-log', `broker ${this.id} has lost entry ${ready.lostTail.acknowledged}`)
    for (const text of ready.absurdities) throw new Violation('core-assertion', text)
    for (const { from, acknowledged } of ready.lostLogs)
      throw new Violation('lost-log', `broker ${from} acknowledged ${acknowledged} and has less`)
    if (ready.commitIndex !== this.#commitIndex) this.#commit(ready.commitIndex)
    if (ready.memberChange?.outcome === 'done') this.#world.changes++
    if (ready.transfer?.outcome === 'done') this.#world.transfers++
    this.#hold(ready.sendAfterPersist)
  }

  #write({ number, hardState, truncateFrom, append, commitIndex }: Ready): void {
    if (truncateFrom !== null) {
      this.#world.invariants.truncating(this, truncateFrom)
      this.log.length = truncateFrom - 1
    }
    const stored: StoredEntry[] = append.map((header) => ({ header, value: this.#contentOf(header) }))
    for (const entry of stored) {
      this.log.push(entry)
      this.#world.invariants.appended(this, entry)
    }
    if (hardState === null && truncateFrom === null && append.length === 0) return
    const commitHint = Math.min(commitIndex, this.log.length)
    this.disk.write({ number, hardState, truncateFrom, append: stored, commitHint })
    if (this.disk.beginSync()) this.#world.startSync(this)
  }

  #contentOf(header: EntryHeader): number {
    // A control entry's content names its author, so that two leaders of one term could not write the same.
    const proposed = this.#waiting.get(header.index)
    if (proposed?.header === header) return proposed.value
    const received = this.#values[header.index - this.#valuesFrom]
    if (received !== undefined) return received
    if (header.kind === EntryKind.Records)
      throw new Error(`entry ${header.index} of broker ${this.id} came without its content`)
    return -(header.term * 16 + this.id)
  }

  #commit(to: LogIndex): void {
    const from = this.#commitIndex
    this.#world.invariants.committed(this, from, to)
    this.#commitIndex = to
    if (this.#waiting.size === 0) return
    for (let index = from + 1; index <= to; index++) {
      const proposed = this.#waiting.get(index)
      if (proposed === undefined) continue
      this.#waiting.delete(index)
      const { header, value } = this.log[index - 1]!
      // Another leader's entry may have taken the place of the proposal: then its client never gets an answer (M97).
      if (header.term === proposed.header.term && value === proposed.value)
        this.#world.acknowledged(value, index, header.term)
    }
  }

  #hold(messages: readonly RaftMessage[]): void {
    if (messages.length === 0) return
    const after = this.disk.lastPending
    if (after === 0) {
      this.#sendAll(messages)
      return
    }
    if (!this.#defects.followerAcksBeforeFsync) {
      this.#held.push({ after, messages })
      return
    }
    this.#sendAll(messages.filter((message) => message.type === 'append-reply'))
    this.#held.push({ after, messages: messages.filter((message) => message.type !== 'append-reply') })
  }

  #sendAll(messages: readonly RaftMessage[]): void {
    for (const message of messages) {
      const entries = message.type === 'append' ? message.entries : []
      if (entries.length > 0 && entries[0]!.index <= this.prevIndex)
        throw new Violation('compacted-is-gone', `broker ${this.id} sends entry ${entries[0]!.index}, which it has cut`)
      const values = entries.length === 0 ? NO_VALUES : entries.map(({ index }) => this.log[index - 1]!.value)
      this.#world.send({ message, values })
    }
  }
}
