import type { BrokerId, LogIndex, Offset, PartitionNumber, Term, Timestamp } from '@tailrace/schemas'
import type { Asker, LevelRange, TopicConfig, TopicSummary } from './broker-api.ts'
import type { UpkeepApi } from './upkeep-api.ts'

export interface BrokerLevels {
  readonly broker: BrokerId
  /** Undefined: it has not said. */
  readonly range: LevelRange | undefined
}

/**
 * What an operator can do to a cluster and its partitions; HTTP and, through it, the command line call this. Every call
 * works on every broker: it is forwarded to the broker that must do it. `target` names a partition of a topic, or the
 * metadata group. All methods reject with TailraceError.
 */
export interface AdminApi extends UpkeepApi {
  /** The members of the group and the progress of each; while a change runs, its progress (M62). */
  members(target: GroupTarget): Promise<MembersDescription>
  /**
   * Asks for other replicas, in order of preference for leadership. Resolves when the request is recorded; `members`
   * shows the progress, and its `lastOutcome` the result. For the metadata group `replicas` are the voters; all other
   * brokers follow it as learners. MEMBERS_CHANGING, INVALID_MEMBERS, UNKNOWN_BROKER
   */
  changeMembers(target: GroupTarget, replicas: readonly BrokerId[]): Promise<void>
  /** Gives up a change that has not become joint yet. CHANGE_FAILED when it is too late or no change runs. */
  cancelChange(target: GroupTarget): Promise<void>
  /**
   * M81. 0: to the preferred replica. Resolves with the new leader. TRANSFER_FAILED, MEMBERS_CHANGING, INVALID_MEMBERS
   */
  transferLeadership(target: GroupTarget, to: BrokerId): Promise<{ readonly leader: BrokerId }>
  /**
   * M83: makes `members` the group when its quorum is lost permanently. Acknowledged records that only lost replicas
   * held are lost. QUORUM_ALIVE, DATA_LOSS_NOT_ACCEPTED, INVALID_MEMBERS
   */
  forceMembers(
    target: GroupTarget,
    request: { readonly members: readonly BrokerId[]; readonly acceptDataLoss: boolean; readonly by: string },
  ): Promise<ForcedMembers>
  /**
   * M84: `broker` takes a snapshot now; with `thenFetch` late replicas take it from there instead of from the leader.
   */
  snapshot(
    target: GroupTarget,
    request: { readonly broker: BrokerId; readonly thenFetch: boolean },
  ): Promise<{ readonly index: LogIndex; readonly bytes: number }>
  /** M82: a replica with a larger factor waits as many election timeouts longer before it campaigns. 1 to 10. */
  setPriority(target: GroupTarget, request: { readonly broker: BrokerId; readonly factor: number }): Promise<void>
  /**
   * Without a leader (0): as seen by the replica that would win among those that answer. LEADER_UNAVAILABLE when none
   * does.
   */
  describeGroup(target: GroupTarget): Promise<GroupDescription>
  /**
   * Settings that are not named stay as they are; null puts one back to its default. `topicId`: see
   * BrokerApi.deleteTopic.
   */
  alterTopic(name: string, changes: TopicChanges, topicId?: string): Promise<TopicConfig>
  /**
   * The topic has `partitions` of them afterwards; those that it has stay as they are. Resolves as
   * BrokerApi.createTopic. `topicId`: see BrokerApi.deleteTopic. INVALID_PARTITIONS: it has more of them, or may not
   * have so many; TOO_MANY_PARTITIONS
   */
  addPartitions(name: string, partitions: number, topicId?: string): Promise<TopicSummary>
  /**
   * Deletes the records of a partition before an offset, permanently, on all replicas and cascade brokers; -1: before
   * the high watermark. Resolves with where the partition begins then, which is later where that was so before.
   * OFFSET_OUT_OF_RANGE beyond the high watermark; FEATURE_LEVEL_TOO_LOW; OUTCOME_UNKNOWN: to be asked again
   */
  deleteRecords(target: PartitionTarget, before: Offset): Promise<{ readonly logStart: Offset }>
  /**
   * Takes a broker out of the cluster permanently. `by`: the operator, for the audit. BROKER_IN_USE while it has
   * replicas or votes in the metadata group.
   */
  removeBroker(broker: BrokerId, by?: string): Promise<void>
  /**
   * Raises the feature level, to the highest that all brokers support where `level` is null. Resolves with the level.
   * It never falls. `cascades`: the levels that the brokers outside of the quorum support. FEATURE_LEVEL_UNSUPPORTED
   */
  raiseFeatureLevel(request: {
    readonly level: number | null
    readonly by: string
    readonly cascades: readonly BrokerLevels[]
  }): Promise<{ readonly level: number }>
  /** Changes of replicas that are under way, and last ones that have failed, of all partitions and of the metadata. */
  moves(): Promise<MovesDescription>
  /** Newest first, at most 1,000 kept. */
  audit(): Promise<readonly AuditRecord[]>
}

/**
 * What a door has of AdminApi: requests of a client, to which the broker that carries them out applies its own rules.
 */
export interface AdminService {
  /** What the broker itself asks, for all that watch it; a door checks rights before it shows an answer. */
  readonly own: Pick<AdminApi, 'describeGroup' | 'moves' | 'audit'>
  for(asker: Asker): AdminApi
}

export type GroupTarget = { readonly kind: 'metadata' } | PartitionTarget

export interface PartitionTarget {
  readonly kind: 'partition'
  readonly topic: string
  readonly partition: PartitionNumber
  /** The id of the topic, where the caller knows it. */
  readonly topicId?: string
}

/** Null: back to the default. */
export type TopicChanges = { readonly [Name in keyof TopicConfig]?: TopicConfig[Name] | null }

export type ChangeStage = 'stable' | 'staging' | 'joint' | 'leaving'

export interface MembersDescription {
  readonly leader: BrokerId
  readonly term: Term
  readonly stage: ChangeStage
  readonly voters: readonly BrokerId[]
  /** The old voters while both majorities are needed. */
  readonly outgoing: readonly BrokerId[]
  readonly learners: readonly BrokerId[]
  /** The members that were requested and are not reached yet, or null. */
  readonly target: readonly BrokerId[] | null
  readonly members: readonly MemberProgress[]
  readonly lastOutcome: {
    readonly outcome: 'done' | 'failed'
    readonly reason: string
    readonly target: readonly BrokerId[]
  } | null
}

export interface MovesDescription {
  /** Those under way come first. */
  readonly moves: readonly GroupMove[]
  /** How many more there are. */
  readonly more: number
}

export interface GroupMove {
  /** Null: the metadata group. */
  readonly topic: string | null
  /** 0 for the metadata group. */
  readonly partition: PartitionNumber
  readonly from: readonly BrokerId[]
  readonly to: readonly BrokerId[]
  /** Why it has failed; null: it is under way. */
  readonly failed: string | null
  /** The progress of one under way, as the leader tells it; null: the leader does not. */
  readonly members: MembersDescription | null
}

export interface MemberProgress {
  readonly broker: BrokerId
  readonly role: 'leader' | 'voter' | 'learner'
  readonly matchIndex: LogIndex
  readonly nextIndex: LogIndex
  /** Entries that the leader has and this member is not known to have. */
  readonly lag: number
  readonly state: 'leader' | 'probe' | 'replicate' | 'snapshot'
  readonly inFlight: number
  readonly active: boolean
  readonly caughtUp: boolean
  /** A copy in transfer to this member, or null. */
  readonly copy: { readonly receivedBytes: number; readonly totalBytes: number } | null
}

export interface ForcedMembers {
  readonly term: Term
  readonly lastIndex: LogIndex
  readonly highWatermark: Offset
}

export interface GroupDescription extends MembersDescription {
  readonly group: number
  readonly asleep: boolean
  readonly commitIndex: LogIndex
  readonly lastIndex: LogIndex
  readonly durableIndex: LogIndex
  /** The log's first entry has the index after this one. */
  readonly prevIndex: LogIndex
  readonly logStart: Offset
  readonly highWatermark: Offset
  readonly sizeBytes: number
  readonly readOnly: boolean
  readonly transferringTo: BrokerId
  readonly lastSnapshot: { readonly index: LogIndex; readonly at: Timestamp; readonly bytes: number } | null
  /** The newest entries as the leader sees them, oldest first (M35). */
  readonly tail: readonly EntryDescription[]
  /** The report of each replica that answers. */
  readonly replicas: readonly ReplicaDescription[]
}

export interface EntryDescription {
  readonly index: LogIndex
  readonly term: Term
  readonly kind: 'records' | 'term-start' | 'configuration' | 'fence' | 'deletion'
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  readonly bytes: number
  readonly state: 'uncommitted' | 'committed' | 'applied'
}

export interface ReplicaDescription {
  readonly broker: BrokerId
  readonly role: 'leader' | 'follower' | 'candidate' | 'pre-candidate' | 'learner' | 'stopped'
  readonly term: Term
  readonly leader: BrokerId
  readonly commitIndex: LogIndex
  readonly lastIndex: LogIndex
  readonly durableIndex: LogIndex
  readonly prevIndex: LogIndex
  readonly logStart: Offset
  readonly highWatermark: Offset
  readonly sizeBytes: number
  readonly asleep: boolean
  /** Why this replica takes no part at present, or null: quarantine, a broken rule. */
  readonly trouble: string | null
}

export interface AuditRecord {
  readonly at: Timestamp
  readonly broker: BrokerId
  /** The operator, if the request named one. */
  readonly by: string
  readonly action: string
  readonly target: string
  readonly detail: string
}
