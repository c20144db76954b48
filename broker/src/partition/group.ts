import type {
  BrokerId,
  EntryHeader,
  GroupId,
  LogIndex,
  Offset,
  PartitionNumber,
  Position,
  ProducerId,
  TailraceError,
  Term,
  Timestamp,
} from '@tailrace/schemas'
import type { Configuration } from '../raft/config.ts'
import type { RaftStatus } from '../raft/core.ts'
import type { EntryStatus } from '../raft/log/entry-states.ts'
import type { MemberTarget } from '../raft/members/member-target.ts'
import type { FetchRequest, FetchResult, OffsetResult, PublishCondition, PublishResult } from './requests.ts'

/** The facts that a broker needs to run its replica of a group. */
export interface GroupSpec {
  readonly group: GroupId
  /** What clients call it, for traces. Absent: it is no partition of a topic. */
  readonly place?: { readonly topic: string; readonly partition: PartitionNumber }
  /**
   * The founders: the voters that the group was created with. They govern until the log holds a configuration (M73).
   */
  readonly voters: readonly BrokerId[]
  /**
   * Under which number this replica was admitted to the group; absent or 0: a founder. A later one starts blank, and
   * does not vote before its log names it.
   */
  readonly admission?: number
  readonly retention?: Retention
  readonly segments?: SegmentLimits
  /** Publishing is refused with READ_ONLY. */
  readonly readOnly?: boolean
  /**
   * Election timeouts are longer by this factor, at least 1: the replica leads only when those with a lower one cannot
   * (M82).
   */
  readonly electionFactor?: number
  readonly maxBatchBytes: number
  /** Absent: every time that a Date can show. */
  readonly timestamps?: TimestampLimits
  /** Whether the cluster has given a producer id, as far as this broker knows. Absent: all are taken. */
  readonly isGiven?: (id: ProducerId) => boolean
  /** Why no fencing token is accepted now; null, or absent: all brokers of the cluster can read the entry of one. */
  readonly fenceRefusal?: () => TailraceError | null
  /**
   * The group was made just now: no replica of it can have been on this broker before. Matters where the disk has lost
   * its content (`LogStorage.mayHaveForgotten`).
   */
  readonly isNew?: boolean
  /**
   * The present members, and those that may become members in a moment, as far as the caller knows. A replica that has
   * forgotten its promises asks them, since the members in its log may be outdated. Missing: those of its log.
   */
  readonly present?: () => readonly BrokerId[]
  /**
   * Campaign as soon as the group is created, so that a new topic is usable at once. One replica of a group has this
   * set.
   */
  readonly preferred: boolean
  /**
   * The group drives a state machine on every member (the metadata group): spread commits at once, and give the machine
   * all committed entries.
   */
  readonly stateMachine: StateMachine | null
}

/** When a partition deletes its oldest segments. Null: never for that reason. */
export interface Retention {
  /** Bytes that are kept at least. */
  readonly bytes: number | null
  /** Milliseconds; a segment is deleted when its last entry was appended longer ago. */
  readonly ms: number | null
}

/** When a partition begins another segment. Null: as the settings of the broker say, and by retention. */
export interface SegmentLimits {
  readonly bytes: number | null
  readonly ms: number | null
}

/** How far from the leader's clock the timestamps of published records may be. Milliseconds, or infinity. */
export interface TimestampLimits {
  readonly beforeMaxMs: number
  readonly afterMaxMs: number
}

/** The part of a GroupSpec that can be changed while the replica runs. */
export type SpecChanges = Partial<
  Pick<GroupSpec, 'retention' | 'segments' | 'readOnly' | 'maxBatchBytes' | 'timestamps' | 'electionFactor'>
>

/** A pure function of the log. */
export interface StateMachine {
  /** Entries up to here are in its state already; apply starts after them. */
  readonly appliedIndex: LogIndex
  /** Of the entry at `appliedIndex`; 0: it is not known. */
  readonly appliedTerm: Term
  /**
   * Called once for each committed Records entry, in log order. Must not throw: an unknown command is ignored, the same
   * way on every broker.
   */
  apply(header: EntryHeader, batch: Uint8Array): void
  /**
   * False while more of what it has applied waits in memory than may: a follower takes no records then, as with a disk
   * that stands still. Absent: always true.
   */
  readonly hasRoom?: boolean
  /** How its state is kept and copied. A group whose machine has none keeps its whole log. */
  readonly snapshots?: MachineSnapshots
}

/** The durable side of a state machine: with it, the state covers the log's prefix (M41). */
export interface MachineSnapshots {
  /** Makes the applied entries durable, and resolves to the index up to which they are: the log may be cut to there. */
  flush(): Promise<LogIndex>
  /** The state as it is now, at exactly `index`, unchanged by entries that are applied later (copy on write, M44). */
  take(): Promise<MachineSnapshot>
  /**
   * Puts the state of another replica's snapshot in the place of this one, durably: a crash leaves the old or the new
   * one, `appliedIndex` with it. `appliedIndex` is `index` afterwards. Must not touch the old state before the last
   * chunk has come; rejects when `chunks` does.
   */
  restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void>
}

export interface MachineSnapshot {
  readonly index: LogIndex
  /** From the start each time, the same pieces each time; each of some 64 KiB at most. */
  chunks(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/**
 * Whether a replica takes part. Quarantined: it neither votes nor leads until others have restored its entries
 * (quarantine.ts). Stopped: a rule was broken, or its entries are too large for this broker; it does not run before the
 * next start.
 */
export type Standing = 'sound' | 'quarantined' | 'stopped'

/** A broker's replica of one group. All methods reject or throw with TailraceError. */
export interface Group {
  /**
   * Why this replica does not continue: the entries of its group are larger than this broker takes, or it cannot read
   * them.
   */
  readonly unfit?: string | null
  readonly standing: Standing
  /**
   * Entries that this replica lacks of those that were committed when a leader made contact first after its start; 0
   * from the moment at which it lacked none. Null: no leader has made contact.
   */
  readonly missing: number | null
  readonly id: GroupId
  readonly leader: BrokerId
  readonly term: Term
  readonly isLeader: boolean
  /** First offset not known committed here; never goes back while the broker runs. */
  readonly highWatermark: Offset
  /** The first offset that may be read: the log begins there, or earlier where the records in front are deleted. */
  readonly logStart: Offset
  /** Where the log on this broker begins, at a whole batch; at or before `logStart`. */
  readonly firstStored: Offset
  /** Of its log on this broker. */
  readonly sizeBytes: number
  /**
   * Leader only, else NOT_LEADER. Checks the batch, gives it offsets, and resolves when it is committed. The batch
   * takes its place in the log before this returns. OUTCOME_UNKNOWN when leadership is lost first.
   *
   * A batch that the log has already is answered with its place, whatever the condition; else WRONG_EXPECTED_OFFSET or
   * FENCED where the condition does not hold. No bytes and a fence: accepts the fence and writes no record; the offset
   * of the result is the partition's end then, and all records under lower tokens are before it.
   */
  publish(batch: Uint8Array, condition?: PublishCondition): Promise<PublishResult>
  /**
   * Leader only, else NOT_LEADER. Deletes the records before an offset, by an entry of the log: resolves with where the
   * partition begins once that is committed. -1: before the high watermark. An offset at or before the beginning
   * changes nothing. OFFSET_OUT_OF_RANGE beyond the high watermark; OUTCOME_UNKNOWN when leadership is lost first.
   */
  deleteRecords(before: Offset): Promise<Offset>
  /**
   * Committed batches; waits for more up to waitMs. A leader answers once it knows all entries that were ever
   * acknowledged (`confirmed`), unless only the entries of this replica are wanted. The caller asks the leader where
   * that matters.
   */
  fetch(request: FetchRequest): Promise<FetchResult>
  findOffset(position: Position, linearizable?: boolean): Promise<OffsetResult>
  /**
   * Leader: undefined, or resolves, once it knows all that was ever acknowledged; with `linearizable` also that it
   * leads still (M24). Throws or rejects with NOT_LEADER; LEADER_UNAVAILABLE after an election timeout.
   */
  confirmed(linearizable?: boolean): Promise<void> | undefined
  status(): GroupStatus
  /** The configuration that governs here: the latest in this replica's log. */
  readonly configuration: Configuration
  /**
   * The number under which this replica takes part: that of its creation, which may differ from the one that it was
   * opened with (admission-record.ts).
   */
  readonly admission: number
  /**
   * Leader only, else NOT_LEADER. Makes these the members, newcomers catching up first (M59); resolves when the new
   * configuration is committed. May last for as long as copying a replica does; `status().change` shows how far it is.
   * MEMBERS_CHANGING, INVALID_MEMBERS, LEADER_UNAVAILABLE (no entry of its term is committed yet, M64): nothing was
   * begun. CHANGE_FAILED: the members are as before. OUTCOME_UNKNOWN: leadership was lost, the next leader finishes or
   * drops it.
   */
  changeMembers(target: MemberTarget): Promise<void>
  /**
   * Leader only: calls off a change whose newcomers still catch up; it then ends with CHANGE_FAILED. False if it is too
   * late, or there is none.
   */
  cancelChange(): boolean
  /**
   * Leader only. Transfers the leadership to this voter, 0: to the best one; resolves to the voter when it leads.
   * TRANSFER_FAILED: nothing has changed. MEMBERS_CHANGING.
   */
  transferLeadership(to: BrokerId): Promise<BrokerId>
  /**
   * Makes these the voters although no majority of the present ones agrees, and this replica their leader: acknowledged
   * records that it lacks are lost (M83). Resolves when that is committed. QUORUM_ALIVE when this replica has a live
   * leader; the caller asks the others. INVALID_MEMBERS when this replica is not one of the voters. The new term is
   * above `aboveTerm`, the largest term of any replica that answers, so that no replica needs another election to
   * follow.
   */
  forceMembers(voters: readonly BrokerId[], aboveTerm?: Term): Promise<void>
  /**
   * Makes the state durable as of now, and cuts the log of a state machine's group to there (M43, M45). Resolves to the
   * entries that it covers.
   */
  takeSnapshot(): Promise<Snapshot>
  /**
   * Leader only: offers the others that replica's snapshot. Replicas that already have this state cut their log before
   * it; the others fetch it (M84).
   */
  offerSnapshot(source: BrokerId, place: SnapshotPlace): void
  update(changes: SpecChanges): void
  /** States of the entries from `from` on, at most `count` (M35). */
  entryStates(from: LogIndex, count: number): readonly EntryStatus[]
}

/** The last entry that a snapshot covers. */
export interface SnapshotPlace {
  readonly index: LogIndex
  readonly term: Term
}

export interface Snapshot extends SnapshotPlace {
  /** When it was taken here, or was completely received. */
  readonly at: Timestamp
  /** Bytes that a replica that needs it would receive: the derived state and the remaining segments. */
  readonly bytes: number
}

export interface GroupStatus extends RaftStatus {
  readonly group: GroupId
  readonly voters: readonly BrokerId[]
  readonly inSync: readonly BrokerId[]
  readonly highWatermark: Offset
  readonly logStart: Offset
  readonly sizeBytes: number
  /** The log's first entry has the index after this one. */
  readonly prevIndex: LogIndex
  /** Why this replica takes no part at present, or null: quarantine, a broken rule. */
  readonly trouble: string | null
  /** The copy that this replica is receiving instead of a log that the others have cut, or null. */
  readonly installing: { readonly source: BrokerId; readonly receivedBytes: number; readonly totalBytes: number } | null
  /** The last snapshot taken or installed here, or null. */
  readonly snapshot: Snapshot | null
}

/** All groups of this broker. */
export interface Groups {
  /** Opens the replica: recovers it if it is on disk, else creates it. */
  open(spec: GroupSpec): Promise<Group>
  get(id: GroupId): Group | undefined
  all(): Iterable<Group>
  /** Groups whose log is on this broker's disk, open or not. */
  stored(): Iterable<GroupId>
  /** Open replicas that are not asleep (M86). */
  readonly awake: number
  /**
   * Every replica that this broker is to have is open: other replicas that the disk has forgotten do not matter any
   * more.
   */
  allOpened(): void
  /** The last block of the journal that this start has found. */
  readonly recoveredBlock: number
  /**
   * The disk has lost synced writes. Their content is not known: any replica of this broker may lack entries that it
   * has acknowledged, or a vote that it has given. So each is quarantined, at once, until a later leader has restored
   * its entries (quarantine.ts). Resolves when a restart cannot forget that; false if it never will be durable.
   */
  distrustDisk(reason: string): Promise<boolean>
  /**
   * From now on tokens are given and taken (M95). `secret`: 16 bytes or more, which all brokers of the cluster know and
   * no other program.
   */
  sealTokens(secret: Uint8Array): void
  /** Stops the replica and removes its log. Waiting callers get UNKNOWN_TOPIC. */
  remove(id: GroupId): Promise<void>
  /** Set once. Called when this replica's view of who leads the group changes (0: no broker). */
  onLeadership: (group: GroupId, term: Term, leader: BrokerId) => void
  close(): Promise<void>
}
