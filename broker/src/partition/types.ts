import type { BrokerId, EntryHeader, GroupId, LogIndex, Offset, Position, Term } from '@tailrace/schemas'
import type { RaftStatus } from '../raft/core.ts'
import type { FetchRequest, FetchResult, OffsetResult, PublishResult } from './requests.ts'

/** What a broker must know to run its replica of a group. */
export interface GroupSpec {
  readonly group: GroupId
  /** The replicas; all vote. */
  readonly voters: readonly BrokerId[]
  readonly maxBatchBytes: number
  /** Campaign as soon as the group is created, so that a new topic is usable at once. One replica of a group has this set. */
  readonly preferred: boolean
  /** The group drives a state machine on every member (the metadata group): spread commits at once, and hand over what is committed. */
  readonly stateMachine: StateMachine | null
}

/** A pure function of the log (design §6). */
export interface StateMachine {
  /** Entries up to here are in its state already; apply starts behind it. */
  readonly appliedIndex: LogIndex
  /** Called once for each committed Records entry, in log order. Must not throw: an unknown command is ignored, the same way on every broker. */
  apply(header: EntryHeader, batch: Uint8Array): void
}

/** A broker's replica of one group. All methods reject or throw with TailraceError. */
export interface Group {
  readonly id: GroupId
  readonly leader: BrokerId
  readonly term: Term
  readonly isLeader: boolean
  /** First offset not known committed here; never goes back while the broker runs. */
  readonly highWatermark: Offset
  readonly logStart: Offset
  /**
   * Leader only, else NOT_LEADER. Checks the batch, gives it offsets, and resolves when it is committed. Takes its place in the log before it
   * returns. OUTCOME_UNKNOWN when leadership is lost first.
   */
  publish(batch: Uint8Array): Promise<PublishResult>
  /** Committed batches held by this replica; waits for more up to waitMs. The leader is asked by the caller where that matters. */
  fetch(request: FetchRequest): Promise<FetchResult>
  findOffset(position: Position): Promise<OffsetResult>
  status(): GroupStatus
}

export interface GroupStatus extends RaftStatus {
  readonly group: GroupId
  readonly voters: readonly BrokerId[]
  readonly inSync: readonly BrokerId[]
  readonly highWatermark: Offset
  readonly logStart: Offset
  readonly sizeBytes: number
}

/** All groups of this broker. */
export interface Groups {
  /** Opens the replica: recovers it if it is on disk, else creates it. */
  open(spec: GroupSpec): Promise<Group>
  get(id: GroupId): Group | undefined
  all(): Iterable<Group>
  /** Stops the replica and removes its log. Waiting callers get UNKNOWN_TOPIC. */
  remove(id: GroupId): Promise<void>
  /** Set once. Called when this replica's view of who leads the group changes (0: nobody). */
  onLeadership: (group: GroupId, term: Term, leader: BrokerId) => void
  close(): Promise<void>
}
