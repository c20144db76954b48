import type { BrokerId, EntryHeader, EntryKind, LogIndex, Offset, Term } from '@tailrace/schemas'
import type { Configuration, RaftStart } from './config.ts'
import type { TransferAnswer } from './election/transfer.ts'
import type { EntryStatus } from './log/entry-states.ts'
import type { MemberOutcome } from './members/change-state.ts'
import type { ChangeRefusal } from './members/member-change.ts'
import type { MemberTarget } from './members/member-target.ts'
import type { RaftMessage } from './messages.ts'
import type { Ready, Role } from './ready.ts'

/**
 * A batch that a caller wants in the log: `records` records (offsets) and `bytes` bytes. Without a record it is a
 * control entry, a fence.
 */
export interface Proposal {
  readonly records: number
  readonly bytes: number
  /** Of a control entry, which has no record. Default: Records. */
  readonly kind?: EntryKind
}

/** Why a proposal was not taken. */
export type Refusal = 'not-leader' | 'too-much-uncommitted' | 'transferring'

/**
 * The consensus core of one group: pure, synchronous, deterministic (docs/design.md). Feed it ticks, messages,
 * proposals and the news that writes are durable; after each, take `ready()` while `hasReady()`. It never performs IO,
 * reads a clock, or sees a batch.
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
  /**
   * True once an entry of the leader's own term is committed: only then does its commitIndex cover all that was ever
   * acknowledged.
   */
  readonly commitIsCurrent: boolean
  /**
   * M24: true while no other broker can lead, so that this leader's commitIndex may answer a linearizable read without
   * asking any other replica. Leader only: commitIsCurrent, and a majority (both when joint) has answered a heartbeat
   * that was SENT less than `leaseTicks(electionTicks)` ticks ago (lease.ts; dissertation §6.4.1). A single voter has
   * it always.
   *
   * It stands on three assumptions. If one fails a read may be stale; nothing else is harmed:
   * - No broker's tick is longer than 10/9 of another's, and all brokers of the group have the same electionTicks.
   * - A process that stood still feeds the ticks that it missed, or calls `stoodStill`, before it asks for the lease.
   * - No replica is made to campaign past the lease: a leader that sends TimeoutNow must give its lease up first.
   */
  readonly hasLease: boolean
  /**
   * Leader, M24: asks for a round of heartbeats, which leaves with the next Ready and wakes the group. Once a quorum
   * has answered it (`roundAnswered`), and commitIsCurrent, this leader's commitIndex may answer what was asked before
   * this call, whatever the clocks do. Returns the round's number.
   */
  beginReadRound(): number
  roundAnswered(round: number): boolean
  /** M86: nothing is open in the group, and this replica needs no ticks until it is woken (sleep.ts). */
  readonly asleep: boolean

  /**
   * `mayCampaign` is asked when this replica's election timer has fired: false puts the election off to a later tick,
   * since the broker has enough of them under way. Default: it may.
   */
  tick(mayCampaign?: () => boolean): void
  /**
   * The process stood still for longer than the ticks that it feeds: a leader's lease is over until it is earned anew.
   */
  stoodStill(): void
  step(message: RaftMessage): void
  /** False: no elections can have led to this term, and `step` drops the message that names it. */
  isPlausibleTerm(term: Term): boolean
  /** Leader only: gives the batch its index, term and offsets. Append order is call order. */
  propose(proposal: Proposal): EntryHeader | Refusal
  /** All writes of Readies up to `number` are durable. */
  persisted(number: number): void
  /** Answer to a ReadRequest: headers of consecutive entries from request.from on; empty if they could not be read. */
  entriesRead(ticket: number, headers: readonly EntryHeader[]): void
  /**
   * Ends the sleep: a member may be gone, or something is about to happen. Without effect on a replica that is awake.
   */
  wake(): void
  /**
   * Whether the driver can reach a peer: the group's sleep does not wait for a member that cannot be reached. Wakes a
   * leader when a member can be reached again.
   */
  setReachable(peer: BrokerId, reachable: boolean): void
  /**
   * Follower: its leader's broker shows no sign of life. `elapsedTicks`: ticks of this broker since it fell asleep; 0
   * if it is awake. `eager`: of all voters that are left this one is to campaign first, so that they do not split the
   * votes. Wakes a sleeper. Without effect on a leader or candidate.
   */
  leaderLost(elapsedTicks: number, eager: boolean): void
  /**
   * M41: the driver has cut its log's prefix, and the cut is durable: the entry before the first one held is
   * (prevIndex, prevTerm). Only entries that a Ready has told as committed, and that are durable here, may be cut
   * (throws otherwise). The configuration stays known.
   */
  compacted(prevIndex: LogIndex, prevTerm: Term): void
  /**
   * Leader: answers `Ready.offers`, or offers a state to any member by the operator's wish (M84). The state covers all
   * up to (lastIndex, lastTerm), which is committed (throws otherwise), and is fetched from `source`. False: no longer
   * possible ( snapshot-offer.ts); the core then asks again if it needs to.
   */
  offerSnapshot(to: BrokerId, lastIndex: LogIndex, lastTerm: Term, source: BrokerId): boolean
  /**
   * Answers `Ready.install`: the fetched state and log are durable and have replaced this replica's. `start` describes
   * them; commitHint must be at least the index that was offered. Between the request and this call (or
   * `installFailed`) the core appends nothing and does not campaign, but its term and vote may change. Both must
   * survive the replacement.
   */
  installed(start: RaftStart): void
  /**
   * The state could not be fetched, or is not wanted any more; the old log is still in place. The leader offers again.
   */
  installFailed(): void
  /**
   * M95: whether all up to an acknowledged entry is committed here (commitIndex >= index afterwards): true if this log
   * holds exactly `term` at `index`, durably, or committed it. Before `prevIndex`: true if the term can be. A leader
   * never commits by this.
   */
  commitToken(term: Term, index: LogIndex): boolean
  /**
   * Leader: the members, itself included, that are known to have the entry on disk. For the answer to a publish (M95).
   */
  holdersOf(index: LogIndex): BrokerId[]
  /** M35: the state of entries from `from` on, `count` at most. For status pages. */
  entryStates(from: LogIndex, count: number): readonly EntryStatus[]
  /** The link to a peer broke or was renewed: messages in flight may be lost (M91). */
  peerUnreachable(peer: BrokerId): void
  /**
   * Starts an election now, by pre-vote. Does nothing on a leader, or while a leader is or may be alive: a message of
   * one arrived, or (except in a new group) the replica started, less than electionTicks ago. A single voter need not
   * wait. For a fresh group's first replica, and tests.
   */
  campaign(): void
  /**
   * Leader only: changes the members, one change at a time (M58 to M66). Newcomers must run, blank, under the admission
   * that the target gives them. The end comes with Ready.memberChange; if this replica is deposed before, the next
   * leader finishes the change that is appended.
   */
  changeMembers(target: MemberTarget): 'started' | 'unchanged' | ChangeRefusal
  /**
   * Leader only: calls a change off whose newcomers still catch up; it then ends as failed. False if it is too late, or
   * there is none.
   */
  cancelChange(): boolean
  /**
   * Leader only: transfers leadership to another voter (M81). Until Ready.transfer tells the end, an election timeout
   * at most, proposals are refused with 'transferring'. Once the target was told to campaign there are no lease reads
   * in this term any more, whatever the end.
   */
  transferLeadership(to: BrokerId): TransferAnswer
  /**
   * From now on this replica neither leads nor asks for votes, until a timer fires again: its promises are in doubt.
   */
  standBack(): void
  /** M82: this replica campaigns the later the larger the factor, at least 1. */
  setElectionFactor(factor: number): void
  /**
   * M83: this replica leads `voters` from the next term on, which is above `aboveTerm`, whatever the configuration in
   * force says. Loses the entries that only others have; the caller has made sure that the quorum is gone permanently.
   * Not allowed unless the log names all of them, this replica is one, and there is a term left.
   */
  forceConfiguration(voters: readonly BrokerId[], aboveTerm?: Term): 'started' | 'not-allowed'
  hasReady(): boolean
  ready(): Ready
  status(): RaftStatus
}

export type { ChangeRefusal, MemberTarget, TransferAnswer }

export interface RaftStatus {
  readonly role: Role
  readonly term: Term
  readonly leader: BrokerId
  readonly asleep: boolean
  readonly commitIndex: LogIndex
  readonly lastIndex: LogIndex
  readonly durableIndex: LogIndex
  readonly configuration: Configuration
  readonly configurationIndex: LogIndex
  /**
   * Where a change of members stands (M62). A follower sees only what the log shows: joint, or an entry not known to be
   * committed.
   */
  readonly change: ChangeStatus
  /** How the last change ended that this replica has led since its start. */
  readonly lastChange: MemberOutcome | null
  readonly transferringTo: BrokerId | null
  readonly electionFactor: number
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

export interface ChangeStatus {
  readonly stage: 'stable' | 'staging' | 'joint' | 'leaving'
  /** The members that the change leads to; null if stable. */
  readonly target: MemberTarget | null
  /** Staging: the round of catch-up that the slowest newcomer is in (M59); 0 otherwise. */
  readonly round: number
  /** Why a change that is being undone has failed. */
  readonly reason?: string
}
