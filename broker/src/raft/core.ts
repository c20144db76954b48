import type { BrokerId, EntryHeader, LogIndex, Offset, Term } from '@tailrace/schemas'
import type { RaftMessage } from './messages.ts'
import type { Ready, Role } from './ready.ts'

/** What a caller wants in the log: one batch of `records` records (offsets) and `bytes` bytes. */
export interface Proposal {
  readonly records: number
  readonly bytes: number
}

/** Why a proposal was not taken. */
export type Refusal = 'not-leader' | 'too-much-uncommitted'

/**
 * The consensus core of one group: pure, synchronous, deterministic (design §3). Feed it ticks, messages, proposals and the news that
 * writes are durable; after each, take `ready()` while `hasReady()`. It never performs IO, reads a clock, or sees a batch.
 */
export interface RaftCore {
  readonly id: BrokerId
  readonly role: Role
  readonly term: Term
  readonly leader: BrokerId
  readonly lastIndex: LogIndex
  readonly nextOffset: Offset
  readonly commitIndex: LogIndex
  /** The last index known durable here. */
  readonly durableIndex: LogIndex
  /** True once an entry of the leader's own term is committed: only then does its commitIndex cover all that was ever acknowledged. */
  readonly commitIsCurrent: boolean

  tick(): void
  step(message: RaftMessage): void
  /** Leader only: gives the batch its index, term and offsets. Append order is call order. */
  propose(proposal: Proposal): EntryHeader | Refusal
  /** All writes of Readies up to `number` are durable. */
  persisted(number: number): void
  /** Answer to a ReadRequest: headers of consecutive entries from request.from on; empty if they could not be read. */
  entriesRead(ticket: number, headers: readonly EntryHeader[]): void
  /** The link to a peer broke or was renewed: what was in flight may be lost (M91). */
  peerUnreachable(peer: BrokerId): void
  /** Starts an election now, by pre-vote, unless leader (a fresh group's first replica, tests). */
  campaign(): void
  hasReady(): boolean
  ready(): Ready
  status(): RaftStatus
}

export interface RaftStatus {
  readonly role: Role
  readonly term: Term
  readonly leader: BrokerId
  readonly commitIndex: LogIndex
  readonly lastIndex: LogIndex
  readonly durableIndex: LogIndex
  /** Leader only: one row for each other member. `active`: heard within the election timeout. */
  readonly followers: readonly {
    readonly id: BrokerId
    readonly matchIndex: LogIndex
    readonly nextIndex: LogIndex
    readonly state: 'probe' | 'replicate' | 'snapshot'
    readonly inflight: number
    readonly active: boolean
  }[]
}
