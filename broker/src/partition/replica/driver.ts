import type { BrokerId, EntryHeader, GroupId, LogIndex, Term } from '@tailrace/schemas'
import { configurationBatch, EntryKind, placeBatch, TailraceError, termStartBatch } from '@tailrace/schemas'
import type { GroupLog } from '../../log/log-storage.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { ConfigurationHeader } from '../../raft/config.ts'
import type { RaftCore, Refusal } from '../../raft/core.ts'
import type { AppendMessage, RaftMessage } from '../../raft/messages.ts'
import type { Ready } from '../../raft/ready.ts'
import type { Peers } from '../peers.ts'
import { AppendSender } from './append-sender.ts'
import { DurabilityQueue } from './durability-queue.ts'
import { FirstContact } from './first-contact.ts'
import { Quarantine } from './quarantine.ts'
import { raftStart } from './raft-start.ts'
import type { ReplicaServices } from './replica-services.ts'
import { encodeConfiguration, withConfigurations } from './state/configuration-codec.ts'
import type { PartitionState } from './state/partition-state.ts'

export interface DriverDeps {
  readonly group: GroupId
  readonly core: RaftCore
  readonly log: GroupLog
  readonly state: PartitionState
  readonly peers: Pick<Peers, 'sendRaft'>
  readonly clock: Clock
  readonly logger: Logger
  readonly services: Pick<ReplicaServices, 'terms'>
  /** `GroupSpec.present`. */
  readonly present?: (() => readonly BrokerId[]) | undefined
  /** False while the disk has no room for entries that a leader sends. */
  readonly takesRecords: () => boolean
  /** Asks for a `drain` at the end of the turn. */
  readonly wake: () => void
  /** Asks for a `drain` at the next beat, which costs an idle broker nothing. */
  readonly wakeAtBeat: () => void
  /** A rule of its own is broken: the replica must be stopped. */
  readonly broken: (error: unknown) => void
}

/** The events that the driver tells its replica. */
export interface DriverEvents {
  appended(bytes: number): void
  readonly committed: (index: LogIndex) => void
  highWatermarkAdvanced(): void
  /** A condition that a read at the leader waits for may hold now. */
  settled(): void
  /** A follower says how much of the log it has. */
  acknowledged(): void
  leadership(): void
  /** More of the log is durable here. */
  persisted(): void
  /** Requests of the core that take longer than one turn. */
  asked(ready: Ready): void
  /** A leader offers a state up to there that this replica has. */
  offered(lastIndex: LogIndex): void
}

/**
 * Carries out the decisions of the consensus core of one group: brings headers and batches together, writes to the log,
 * sends, and reports durability back. A Ready has its batches from one source only: an Append being stepped, or
 * proposals of this leader.
 */
export class GroupDriver {
  readonly core: RaftCore
  readonly #deps: DriverDeps
  readonly #events: DriverEvents
  readonly #sender: AppendSender
  readonly #durability = new DurabilityQueue()
  readonly #quarantine: Quarantine
  readonly #contact = new FirstContact()
  #proposed: Uint8Array[] = []
  #taken = 0
  #stepping: { message: AppendMessage; payloads: readonly Uint8Array[] } | null = null
  #unreadable: { readonly after: LogIndex; readonly reason: string | null } = { after: -1, reason: null }
  #stopped = false
  #log: GroupLog
  #state: PartitionState

  constructor(deps: DriverDeps, events: DriverEvents) {
    this.core = deps.core
    this.#log = deps.log
    this.#state = deps.state
    this.#deps = deps
    this.#events = events
    this.#quarantine = new Quarantine({ ...deps, replica: this })
    this.#sender = new AppendSender(deps.group, () => this.#log, deps.peers, deps.logger)
  }

  get log(): GroupLog {
    return this.#log
  }

  get state(): PartitionState {
    return this.#state
  }

  get inQuarantine(): boolean {
    return this.#quarantine.active
  }

  /** See Group.missing. */
  get missing(): number | null {
    return this.#contact.missing(this.core, this.#state.commitIndex)
  }

  /**
   * The disk has lost a part of this replica's promises, and it is not known which: the log is treated as one that has
   * rotted.
   */
  distrust(reason: string): void {
    if (this.#stopped || this.#quarantine.active) return
    this.core.standBack()
    this.drain()
    this.#log.lose(this.#log.lastIndex + 1, this.#log.endOffset, reason)
    this.#quarantine.enter()
    this.#deps.wake()
  }

  /**
   * An installation is complete: another log and the state that belongs to it, both durable, are in the place of the
   * old ones (M48, M53).
   */
  replaced(log: GroupLog, state: PartitionState): void {
    if (this.#stopped) return
    this.#log = log
    this.#state = state
    this.core.installed(raftStart(log, state.commitIndex))
    const released = this.#durability.replaced()
    this.core.persisted(this.#durability.lastWrite)
    this.#sendAll(released)
    this.#events.highWatermarkAdvanced()
    this.#quarantine.review()
    this.#deps.wake()
  }

  /** Leader only: gives the batch its place in the log. The batch is the log's from now on. */
  propose(batch: Uint8Array, records: number, kind: EntryKind = EntryKind.Records): EntryHeader | Refusal {
    // The core's own entries before it, a TermStart or a configuration, must pass first: `state` takes entries in log
    // order.
    if (this.core.lastIndex !== this.#state.appendedIndex) this.drain()
    const header = this.core.propose({ records, bytes: batch.length, kind })
    if (typeof header === 'string') return header
    placeBatch(batch, 0, header.baseOffset, header.term)
    this.state.appended(header, batch)
    this.#proposed.push(batch)
    this.#deps.wake()
    return header
  }

  receive(message: RaftMessage, payloads: readonly Uint8Array[]): void {
    if (this.#stopped || this.#deps.services.terms.refuses(this.#deps.group, this.core, message)) return
    if (this.#quarantine.holdsBack(message)) return
    this.#contact.heard(message, this.core.term)
    if (message.type !== 'append') {
      this.core.step(message)
      if (message.type === 'snapshot' && message.term === this.core.term) this.#events.offered(message.lastIndex)
      if (message.type === 'append-reply') this.#events.acknowledged()
      if (message.type === 'heartbeat-reply' && (message.round ?? 0) > 0) this.#events.settled()
      if (this.#canWait(message)) this.#deps.wakeAtBeat()
      else this.#deps.wake()
      return
    }
    // The append is dropped as if it had been lost: the leader sends it again, and counts on the others meanwhile. If
    // it were taken it would wait in memory.
    if (!this.#deps.takesRecords() && hasRecords(message)) return
    const completed = withConfigurations(message, payloads)
    if (completed instanceof TailraceError) {
      this.#dropUnreadable(message, completed)
      return
    }
    this.drain()
    this.#stepping = { message: completed, payloads }
    this.core.step(completed)
    this.drain()
    this.#stepping = null
  }

  /** Why this broker cannot read the leader's entries, so that its log ends here; null when the log continues. */
  get unreadable(): string | null {
    const { after, reason } = this.#unreadable
    return this.core.lastIndex > after ? null : reason
  }

  /** The append is dropped as if it had been lost: a later version can read it. Reported once for each place. */
  #dropUnreadable({ from, prevIndex: after }: AppendMessage, error: TailraceError): void {
    if (this.#unreadable.after === after) return
    const reason = `Broker ${from} sends entries after ${after} that this broker cannot read: ${error.message}`
    this.#unreadable = { after, reason }
    this.#deps.logger.error({ group: this.#deps.group, from, err: error }, 'entries that cannot be read are not taken')
  }

  tick(mayCampaign: () => boolean): void {
    if (this.#stopped) return
    if (this.#quarantine.active) {
      this.#quarantine.tick()
      return
    }
    this.core.tick(mayCampaign)
    if (this.core.hasReady()) this.#deps.wake()
  }

  durable(ticket: number): void {
    if (this.#stopped) return
    const persisted = this.#durability.durable(ticket, this.#sendAll)
    this.core.persisted(persisted)
    this.#quarantine.review()
    this.#events.persisted()
    if (this.core.hasReady()) this.#deps.wake()
  }

  peerUnreachable(peer: BrokerId): void {
    if (this.#stopped) return
    this.core.peerUnreachable(peer)
    this.#deps.wake()
  }

  /** A sleeping replica needs no ticks (M86). */
  get asleep(): boolean {
    return this.core.asleep && !this.#stopped
  }

  wakeUp(): void {
    if (this.#stopped || !this.core.asleep) return
    this.core.wake()
    this.#deps.wake()
  }

  setReachable(peer: BrokerId, reachable: boolean): void {
    if (this.#stopped) return
    this.core.setReachable(peer, reachable)
    if (!this.core.asleep) this.#deps.wake()
  }

  leaderLost(elapsedTicks: number, eager: boolean): void {
    if (this.#stopped) return
    this.core.leaderLost(elapsedTicks, eager)
    this.#deps.wake()
  }

  cancelChange(): boolean {
    const cancelled = this.core.cancelChange()
    this.#deps.wake()
    return cancelled
  }

  /** Offers all other members a state that `source` has (M84). */
  offerSnapshot(index: LogIndex, term: Term, source: BrokerId): void {
    for (const { id } of this.core.status().followers) {
      if (id !== source) this.core.offerSnapshot(id, index, term, source)
    }
    this.#deps.wake()
  }

  /** See RaftCore.commitToken; entries that it commits are committed when this returns. */
  commitToken(term: Term, index: LogIndex): boolean {
    const held = this.core.commitToken(term, index)
    if (held) this.drain()
    return held && this.#state.commitIndex >= index
  }

  get stopped(): boolean {
    return this.#stopped
  }

  stop(): void {
    this.#stopped = true
  }

  drain(): void {
    while (!this.#stopped && this.core.hasReady()) this.#perform(this.core.ready())
  }

  /** The order of ready.ts. */
  #perform(ready: Ready): void {
    // One Append may depose a leader, replace its uncommitted entries, and commit the replacement: no waiting publisher
    // may take that for its own entry.
    const deposed = ready.change !== null && ready.change.role !== 'leader'
    if (deposed) this.#events.leadership()
    const hasWrite = ready.hardState !== null || ready.truncateFrom !== null || ready.append.length > 0
    if (hasWrite) this.#write(ready)
    this.#sendAll(ready.send)
    for (const request of ready.reads) {
      void this.#sender.read(request, (headers) => this.#entriesRead(request.ticket, headers))
    }
    this.#events.asked(ready)
    if (ready.commitIndex > this.state.commitIndex) this.#commit(ready.commitIndex)
    if (this.#durability.add(ready.number, hasWrite, ready.sendAfterPersist)) {
      this.core.persisted(ready.number)
      this.#sendAll(ready.sendAfterPersist)
    }
    if (ready.change !== null && !deposed) this.#events.leadership()
  }

  #write(ready: Ready): void {
    if (ready.truncateFrom !== null) this.state.truncated(ready.truncateFrom)
    const payloads: Uint8Array[] = new Array(ready.append.length)
    let bytes = 0
    for (let at = 0; at < ready.append.length; at += 1) {
      const header = ready.append[at]!
      const payload = this.#payloadOf(header)
      payloads[at] = payload
      bytes += payload.length
      if (header.index > this.state.appendedIndex) this.state.appended(header, payload)
    }
    if (this.#taken > 0) {
      this.#proposed = this.#proposed.slice(this.#taken)
      this.#taken = 0
    }
    this.log.write({
      hardState: ready.hardState,
      truncateFrom: ready.truncateFrom,
      entries: ready.append,
      payloads,
      ticket: ready.number,
    })
    if (bytes > 0) this.#events.appended(bytes)
  }

  #payloadOf(header: EntryHeader): Uint8Array {
    if (this.#stepping !== null) {
      const { message, payloads } = this.#stepping
      const at = header.index - message.prevIndex - 1
      if (message.entries[at]?.term !== header.term) throw new Error(`entry ${header.index} is not part of the append`)
      return payloads[at]!
    }
    const { term, baseOffset, kind } = header
    const timestamp = this.#deps.clock.now()
    if (kind === EntryKind.TermStart) return termStartBatch({ term, baseOffset, timestamp, leader: this.core.id })
    if (kind === EntryKind.Configuration) {
      const json = encodeConfiguration((header as ConfigurationHeader).configuration)
      return configurationBatch({ term, baseOffset, timestamp, json })
    }
    const payload = this.#proposed[this.#taken]
    if (payload === undefined) throw new Error(`no batch was proposed for entry ${header.index}`)
    this.#taken += 1
    return payload
  }

  #entriesRead(ticket: number, headers: readonly EntryHeader[]): void {
    if (this.#stopped) return
    try {
      this.core.entriesRead(ticket, headers)
      this.drain()
    } catch (error) {
      this.#deps.broken(error)
    }
  }

  #commit(index: LogIndex): void {
    const before = this.state.highWatermark
    this.state.committed(index, this.#events.committed)
    if (this.state.highWatermark !== before) this.#events.highWatermarkAdvanced()
    this.#events.settled()
    this.#quarantine.review()
  }

  /** A heartbeat or its answer that changed nothing: messages that follow from it leave with the next beat anyway. */
  #canWait(message: RaftMessage): boolean {
    const isBeat = message.type === 'heartbeat' || message.type === 'heartbeat-reply'
    return (
      isBeat &&
      (message.round ?? 0) === 0 &&
      this.core.commitIndex === this.state.commitIndex &&
      message.term === this.core.term
    )
  }

  readonly #sendAll = (messages: readonly RaftMessage[]): void => {
    for (let at = 0; at < messages.length; at += 1) {
      if (this.#quarantine.lets(messages[at]!)) this.#sender.send(messages[at]!)
    }
  }
}

function hasRecords({ entries }: AppendMessage): boolean {
  return entries.some(({ kind }) => kind === EntryKind.Records)
}
