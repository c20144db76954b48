import type { Offset, PartitionNumber, Term, Timestamp } from '@tailrace/schemas'
import type { Asker } from './broker-api.ts'

/** The topic whose partitions are the logs of the coordinators; only brokers write it. */
export const CONSUMER_GROUPS_TOPIC = '__groups'
/** Its partitions: a group has always the same coordinator. */
export const COORDINATORS = 16
/** The group whose positions say which dead letters have been replayed or dropped. It never expires. */
export const DEAD_LETTER_GROUP = 'tailrace.dlq'

/** A partition of the topic that has, or had, this id. */
export interface TopicPartitionId {
  readonly topicId: string
  readonly partition: PartitionNumber
}

/** A partition that a member may work on. `offset`: the committed position; -1: there is none. */
export interface LeasedPartition extends TopicPartitionId {
  readonly topic: string
  readonly token: number
  readonly offset: Offset
  readonly term: Term
  readonly metadata: string
}

/** Names of topics, and patterns of names in which `*` stands for any characters. */
export interface ConsumerGroupSubscription {
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
}

/** A member joins, is alive, or leaves. */
export interface ConsumerGroupBeat {
  readonly kind: 'beat'
  readonly group: string
  readonly member: string
  /**
   * Of the last answer; 0: joins; -1: leaves; -2: leaves, and its instance comes back; -3, from brokers: the connection
   * `via` has ended.
   */
  readonly epoch: number
  readonly clientId: string
  /** Empty: a member without a name that stays. */
  readonly instance: string
  readonly rack: string
  /** Milliseconds without a beat after which the member is taken out. */
  readonly sessionMs: number
  /** The answer waits so long for something that this member has not been told; 0: not at all. */
  readonly waitMs: number
  /** Null: as before. */
  readonly subscribed: ConsumerGroupSubscription | null
  /** All leases that it holds. */
  readonly owned: readonly (TopicPartitionId & { readonly token: number })[]
  /** Records that a handler holds longer than it should, for `sinceMs` milliseconds now. */
  readonly stuck: readonly (TopicPartitionId & { readonly offset: Offset; readonly sinceMs: number })[]
  /** Grows with each beat of the member; 0 or missing: the end of its connection says nothing about it. */
  readonly number?: number
  /** The connection on which it has come to a broker (CarriedBeats); empty or missing: not known. */
  readonly via?: string
  /** Partitions that it does not take for now; missing: none. */
  readonly declined?: readonly DeclinedPartition[]
}

/** A partition that a member has given up because of a stuck handler, and does not take until that has returned. */
export interface DeclinedPartition extends TopicPartitionId {
  /** Of the lease that it has given up. */
  readonly token: number
  /** The handler has returned: it takes the partition again. */
  readonly ended: boolean
}

export interface ConsumerGroupBeatReply {
  readonly kind: 'beaten'
  readonly epoch: number
  /** How long the member may wait until its next beat. */
  readonly heartbeatMs: number
  /** All that the member may work on now. */
  readonly assignment: readonly LeasedPartition[]
  /** To be finished, committed and left out of `owned`. */
  readonly revoke: readonly TopicPartitionId[]
  /** Delayed records that are to be handled now. */
  readonly due: readonly DueRecord[]
  /** Declined partitions go to others; false: an older coordinator, which keeps them for the member. */
  readonly heedsDeclined: boolean
}

export interface DueRecord extends TopicPartitionId {
  readonly offset: Offset
  readonly attempt: number
  readonly token: number
}

/** The offset that a group reads next, beside what it stored with it. */
export interface ConsumerGroupPosition extends TopicPartitionId {
  readonly topic: string
  /** Of the lease; 0: from outside of the group. */
  readonly token: number
  readonly offset: Offset
  readonly term: Term
  /** At most 4 KiB. */
  readonly metadata: string
  /** The delayed record at `offset` is done, and the position stays. */
  readonly done: boolean
}

export interface ConsumerGroupCommit {
  readonly kind: 'commit'
  readonly group: string
  /** Empty: from outside, for a group without members. */
  readonly member: string
  readonly positions: readonly ConsumerGroupPosition[]
}

/** A record is to come again later, to the member that has the partition then. */
export interface ConsumerGroupDelay extends TopicPartitionId {
  readonly kind: 'delay'
  readonly group: string
  readonly member: string
  readonly topic: string
  readonly token: number
  readonly offset: Offset
  readonly delayMs: number
  readonly attempt: number
}

/** `fenced`: another member has these by now, so nothing was kept for them. */
export interface ConsumerGroupCommitReply {
  readonly kind: 'committed'
  readonly fenced: readonly TopicPartitionId[]
}

/** The groups of one partition of the topic of the coordinators. */
export interface ListConsumerGroups {
  readonly kind: 'list'
  readonly partition: PartitionNumber
}

export interface DescribeConsumerGroup {
  readonly kind: 'describe'
  readonly group: string
}

/** For a group without members, else CONSUMER_GROUP_ACTIVE: it is removed, or its positions are set. */
export interface AlterConsumerGroup {
  readonly kind: 'alter'
  readonly group: string
  readonly remove: boolean
  readonly positions: readonly ConsumerGroupPosition[]
}

export type ConsumerGroupStanding = 'empty' | 'stable' | 'rebalancing'

export interface ConsumerGroupDescription {
  readonly kind: 'described'
  readonly state: ConsumerGroupStanding
  readonly epoch: number
  readonly members: readonly ConsumerGroupMember[]
  readonly partitions: readonly ConsumerGroupProgress[]
  /** Records that are to come again later. */
  readonly delayed: number
}

export interface ConsumerGroupMember extends ConsumerGroupSubscription {
  readonly id: string
  readonly instance: string
  readonly clientId: string
  readonly host: string
  readonly principal: string
  readonly rack: string
  readonly sessionMs: number
  readonly epoch: number
  readonly stuck: readonly {
    readonly topic: string
    readonly partition: PartitionNumber
    readonly offset: Offset
    readonly sinceMs: number
  }[]
}

/** A partition that a member has, or that has a committed position. */
export interface ConsumerGroupProgress extends LeasedPartition {
  /** Empty: nobody has it. */
  readonly member: string
  readonly committedAt: Timestamp
  /** The offset behind the last committed record; -1: not known. */
  readonly end: Offset
  /** Records behind the committed position; -1: not known, or there is none. */
  readonly lag: number
}

export interface ListedConsumerGroup {
  readonly group: string
  readonly state: ConsumerGroupStanding
  readonly members: number
  readonly topics: readonly string[]
  /** Of all its partitions; -1: not known. */
  readonly lag: number
  /** Records that handlers of its members hold longer than they should. */
  readonly stuck: number
}

export type ConsumerGroupRequest =
  | ConsumerGroupBeat
  | ConsumerGroupCommit
  | ConsumerGroupDelay
  | DescribeConsumerGroup
  | ListConsumerGroups
  | AlterConsumerGroup

export type ConsumerGroupResult =
  | ConsumerGroupBeatReply
  | ConsumerGroupCommitReply
  | ConsumerGroupDescription
  | { readonly kind: 'listed'; readonly groups: readonly ListedConsumerGroup[] }
  | { readonly kind: 'altered' }

/** The kind of the result of each kind of request. */
export interface ConsumerGroupResultKinds {
  readonly beat: 'beaten'
  readonly commit: 'committed'
  readonly delay: 'committed'
  readonly describe: 'described'
  readonly list: 'listed'
  readonly alter: 'altered'
}

export type ConsumerGroupResultOf<Request extends ConsumerGroupRequest> = ConsumerGroupResult & {
  readonly kind: ConsumerGroupResultKinds[Request['kind']]
}

/**
 * Consumer groups, from any broker: the request goes to the coordinator of the group. Rejects with TailraceError:
 * COORDINATOR_UNAVAILABLE, FENCED_MEMBER, INSTANCE_TAKEN, UNKNOWN_CONSUMER_GROUP, CONSUMER_GROUP_ACTIVE,
 * FEATURE_LEVEL_TOO_LOW.
 */
export interface ConsumerGroupsApi {
  ask<Request extends ConsumerGroupRequest>(request: Request): Promise<ConsumerGroupResultOf<Request>>
  /** All groups, from all coordinators, in the order of their names. */
  list(): Promise<readonly ListedConsumerGroup[]>
}

/** What a door has of it: requests of a client, to which the broker that carries them out applies its own rules. */
export interface ConsumerGroupsService {
  /** What the broker itself asks, for all that watch it; a door checks rights before it shows an answer. */
  readonly own: ConsumerGroupsApi
  for(asker: Asker): ConsumerGroupsApi
}
