import type { BrokerId, EntryHeader, LogIndex, Offset, Term } from '@tailrace/schemas'
import type { Configuration, RaftStart } from './config.ts'
import type { EntryStatus } from './entry-states.ts'
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
  /** The index before the first entry held: up to there the log was compacted. */
  readonly prevIndex: LogIndex
  readonly lastIndex: LogIndex
  readonly nextOffset: Offset
  readonly commitIndex: LogIndex
  /** The latest configuration in the log, committed or not, and the index of its entry (0: given at the start). */
  readonly configuration: Configuration
  readonly configurationIndex: LogIndex
  /** The last index known durable here. */
  readonly durableIndex: LogIndex
  /** True once an entry of the leader's own term is committed: only then does its commitIndex cover all that was ever acknowledged. */
  readonly commitIsCurrent: boolean
  /**
   * M24: true while no other broker can lead, so that this leader's commitIndex may answer a linearizable read without asking anybody.
   * Leader only: commitIsCurrent, and a majority (both when joint) has answered a heartbeat that was SENT less than
   * `leaseTicks(electionTicks)` ticks ago (lease.ts; dissertation §6.4.1). A single voter has it always.
   *
   * It stands on three assumptions. If one fails a read may be stale; nothing else is harmed:
   * - No broker's tick is longer than 10/9 of another's, and all brokers of the group have the same electionTicks.
   * - A process that was paused feeds the ticks that it missed before it serves a read or takes a message.
   * - Nobody is made to campaign past the lease: a leader that sends TimeoutNow must give its lease up first.
   */
  readonly hasLease: boolean
  /** M86: nothing is open in the group, and this replica needs no ticks until it is woken (silence.ts). */
  readonly asleep: boolean

  tick(): void
  step(message: RaftMessage): void
  /** Leader only: gives the batch its index, term and offsets. Append order is call order. */
  propose(proposal: Proposal): EntryHeader | Refusal
  /** All writes of Readies up to `number` are durable. */
  persisted(number: number): void
  /** Answer to a ReadRequest: headers of consecutive entries from request.from on; empty if they could not be read. */
  entriesRead(ticket: number, headers: readonly EntryHeader[]): void
  /** Ends the sleep: somebody may be gone, or something is about to happen. Without effect on who is awake. */
  wake(): void
  /** Whether the driver can reach a member: the group's sleep does not wait for one that it cannot. Wakes the replica when that changes. */
  setReachable(peer: BrokerId, reachable: boolean): void
  /**
   * M41: the driver has cut its log's prefix, and the cut is durable: the entry before the first one held is (prevIndex, prevTerm).
   * Only what a Ready has told as committed, and what is durable here, may go (throws otherwise). The configuration stays known.
   */
  compacted(prevIndex: LogIndex, prevTerm: Term): void
  /**
   * Leader: answers `Ready.offers`, or offers a state to any member by the operator's wish (M84). The state covers all up to
   * (lastIndex, lastTerm), which is committed (throws otherwise), and is fetched from `source`. False: no longer possible, see
   * snapshot-offer.ts; then the core asks again if it needs to.
   */
  offerSnapshot(to: BrokerId, lastIndex: LogIndex, lastTerm: Term, source: BrokerId): boolean
  /**
   * Answers `Ready.install`: the fetched state and log are durable and have replaced this replica's. `start` describes them; commitHint
   * must be at least the index that was offered. Between the request and this call, or `installFailed`, the core appends nothing and
   * does not campaign, but its term and vote may change: they must survive the replacement.
   */
  installed(start: RaftStart): void
  /** The state could not be fetched, or is not wanted any more; the old log is still in place. The leader offers again. */
  installFailed(): void
  /**
   * M95: whether all up to an acknowledged entry is committed here (commitIndex >= index afterwards): true if this log holds exactly
   * `term` at `index`, durably, or committed it. Before `prevIndex`: true if the term can be. A leader never commits by this.
   */
  commitToken(term: Term, index: LogIndex): boolean
  /** M35: the state of entries from `from` on, `count` at most. For status pages. */
  entryStates(from: LogIndex, count: number): readonly EntryStatus[]
  /** The link to a peer broke or was renewed: what was in flight may be lost (M91). */
  peerUnreachable(peer: BrokerId): void
  /**
   * Starts an election now, by pre-vote, unless leader, or a leader is or may be alive: one was heard, or (except in a new group) the
   * replica started, less than electionTicks ago. A single voter need not wait. For a fresh group's first replica, and tests.
   */
  campaign(): void
  hasReady(): boolean
  ready(): Ready
  status(): RaftStatus
}

export interface RaftStatus {
  readonly role: Role
  readonly term: Term
  readonly leader: BrokerId
  readonly asleep: boolean
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
