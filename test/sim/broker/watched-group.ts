import type { BrokerId, GroupId, LogIndex, Offset, Term } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import type { Damage } from '../../../broker/src/log/types.ts'
import { Invariants } from '../invariants.ts'
import type { StoredEntry } from '../sim-disk.ts'
import { WatchedReplica } from './watched-replica.ts'

/** One group over all brokers: the properties M74 to M79, and what it has committed. */
export class WatchedGroup {
  readonly id: GroupId
  readonly replicas: readonly WatchedReplica[]
  readonly invariants: Invariants
  /** The offset after the last record that any replica knows to be committed. */
  committedEnd: Offset = 0
  /** The highest offset that anybody was told to be committed. */
  toldEnd: Offset = 0
  elections = 0
  damages = 0
  /** Called once for each committed entry of records, in order, with its batch: for the metadata group. */
  onCommitted: ((index: LogIndex, batch: Uint8Array) => void) | null = null
  readonly #entries = new Map<string, StoredEntry>()
  readonly #payloads = new Map<StoredEntry, Uint8Array>()
  #applied: LogIndex = 0

  constructor(id: GroupId, voters: readonly BrokerId[]) {
    this.id = id
    this.replicas = voters.map((voter) => new WatchedReplica(this, voter))
    this.invariants = new Invariants(this.replicas)
  }

  replica(id: BrokerId): WatchedReplica | undefined {
    return this.replicas.find((replica) => replica.id === id)
  }

  /** The entry of this index and term: Log Matching says that there is one. */
  known(index: LogIndex, term: Term): StoredEntry | undefined {
    return this.#entries.get(`${index}@${term}`)
  }

  appended(replica: WatchedReplica, entry: StoredEntry, payload: Uint8Array): void {
    this.invariants.appended(replica, entry)
    const key = `${entry.header.index}@${entry.header.term}`
    if (this.#entries.has(key)) return
    this.#entries.set(key, entry)
    if (this.onCommitted !== null && entry.header.kind === EntryKind.Records) this.#payloads.set(entry, payload.slice())
  }

  elected(replica: WatchedReplica): void {
    this.elections++
    this.invariants.elected(replica, replica.term)
  }

  committed(replica: WatchedReplica, from: LogIndex, to: LogIndex): void {
    this.invariants.committed(replica, from, to)
    for (let index = Math.max(from, this.#applied) + 1; index <= to; index++) {
      const entry = replica.log[index - 1]!
      this.committedEnd = entry.header.lastOffset + 1
      this.#applied = index
      const payload = this.#payloads.get(entry) ?? this.#payloads.get(this.known(index, entry.header.term)!)
      if (payload !== undefined) this.onCommitted?.(index, payload)
    }
  }

  damaged(_broker: BrokerId, _damage: Damage): void {
    this.damages++
  }

  /** The offset up to which a replica knows the log to be committed. */
  watermarkOf({ commitIndex, log }: WatchedReplica): Offset {
    return commitIndex === 0 ? 0 : log[commitIndex - 1]!.header.lastOffset + 1
  }
}
