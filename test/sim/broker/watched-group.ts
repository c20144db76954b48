import type { BrokerId, GroupId, LogIndex, Offset, Term } from '@tailrace/schemas'
import { EntryKind, readControl } from '@tailrace/schemas'
import { Invariants } from '../core/invariants.ts'
import type { StoredEntry } from '../core/sim-disk.ts'
import { Finding } from './finding.ts'
import { type GroupView, noMembers, WatchedReplica } from './watched-replica.ts'

/** One group over all brokers: the properties M74 to M79, and its committed entries. */
export class WatchedGroup implements GroupView {
  readonly id: GroupId
  /** Of every broker that there may ever be: most are blank, belong to no group, and do not vote. */
  readonly replicas: readonly WatchedReplica[]
  readonly invariants: Invariants
  /** The offset after the last record that any replica knows to be committed. */
  committedEnd: Offset = 0
  /** The highest offset that any client was told to be committed. */
  toldEnd: Offset = 0
  /** No replica begins later: retention, or an operator, may have deleted the entries before. */
  start: Offset = 0
  /** The largest offset before which an operator has wanted records deleted, and was told that they are. */
  deletionAsked: Offset = 0
  deletionTold: Offset = 0
  elections = 0
  damages = 0
  cuts = 0
  installs = 0
  /** Called once for each committed entry of records, in order, with its batch: for the metadata group. */
  onCommitted: ((index: LogIndex, batch: Uint8Array) => void) | null = null
  readonly #entries = new Map<string, StoredEntry>()
  readonly #payloads = new Map<StoredEntry, Uint8Array>()
  readonly #committed: StoredEntry[] = []
  /** Of records, by the first offset. */
  readonly #committedAt = new Map<Offset, StoredEntry>()

  constructor(id: GroupId, founders: readonly BrokerId[], brokers: readonly BrokerId[]) {
    this.id = id
    const founding = { voters: founders, outgoing: [], learners: [] }
    this.replicas = brokers.map(
      (broker) => new WatchedReplica(this, broker, founders.includes(broker) ? founding : noMembers),
    )
    this.invariants = new Invariants(this.replicas)
    this.invariants.configuration = founding
  }

  replica(id: BrokerId): WatchedReplica | undefined {
    return this.replicas.find((replica) => replica.id === id)
  }

  /** Brokers that the last committed configuration names. */
  get members(): readonly BrokerId[] {
    const { voters, outgoing, learners } = this.invariants.configuration
    return [...new Set([...voters, ...outgoing, ...learners])]
  }

  get committedCount(): number {
    return this.#committed.length
  }

  known(index: LogIndex, term: Term): StoredEntry | undefined {
    return this.#entries.get(`${index}@${term}`)
  }

  committedUpTo(to: LogIndex, who: string): readonly StoredEntry[] {
    if (to > this.#committed.length) throw new Finding('snapshot-is-committed', `${who} begins after ${to}`)
    return this.#committed.slice(0, to)
  }

  /** The committed entry whose first record has this offset. */
  committedAt(offset: Offset): StoredEntry | undefined {
    return this.#committedAt.get(offset)
  }

  appended(replica: WatchedReplica, entry: StoredEntry, payload: Uint8Array): void {
    this.invariants.appended(replica, entry)
    const key = `${entry.header.index}@${entry.header.term}`
    if (this.#entries.has(key)) return
    this.#entries.set(key, entry)
    const { kind } = entry.header
    const isKept = kind === EntryKind.Deletion || (this.onCommitted !== null && kind === EntryKind.Records)
    if (isKept) this.#payloads.set(entry, payload.slice())
  }

  truncating(replica: WatchedReplica, from: LogIndex): void {
    this.invariants.truncating(replica, from)
  }

  elected(replica: WatchedReplica): void {
    this.elections++
    this.invariants.elected(replica, replica.term)
  }

  committed(replica: WatchedReplica, from: LogIndex, to: LogIndex): void {
    this.invariants.committed(replica, from, to)
    for (let index = Math.max(from, this.#committed.length) + 1; index <= to; index++) {
      const entry = this.known(index, replica.log[index - 1]!.header.term)!
      this.committedEnd = entry.header.lastOffset + 1
      this.#committed.push(entry)
      if (entry.header.kind === EntryKind.Records) this.#committedAt.set(entry.header.baseOffset, entry)
      const payload = this.#payloads.get(entry)
      if (entry.header.kind === EntryKind.Deletion) this.#deleted(payload!)
      else if (payload !== undefined) this.onCommitted?.(index, payload)
    }
  }

  #deleted(payload: Uint8Array): void {
    const control = readControl(payload, 0)
    if (control.kind === EntryKind.Deletion) this.start = Math.max(this.start, control.before)
  }

  damaged(): void {
    this.damages++
  }

  /** The offset up to which a replica knows the log to be committed. */
  watermarkOf({ commitIndex, log }: WatchedReplica): Offset {
    return commitIndex === 0 ? 0 : log[commitIndex - 1]!.header.lastOffset + 1
  }
}
