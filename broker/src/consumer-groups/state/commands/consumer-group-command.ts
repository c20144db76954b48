import type { Offset, PartitionNumber, Term, Timestamp } from '@tailrace/schemas'
import type { ConsumerGroupMember } from '../consumer-group.ts'

/**
 * The log of a coordinator consists of decisions with all that applying them needs: times, topics, assignments. An
 * entry is one batch with a record for each command: value = JSON of the command with `version`. A broker stops
 * applying at an entry that it cannot read.
 */
export type ConsumerGroupCommand =
  | JoinConsumerGroup
  | LeaveConsumerGroup
  | ReleaseLeases
  | AssignPartitions
  | CommitPositions
  | DelayRecord
  | ResetPositions
  | RemoveConsumerGroup
  | ForgetTopics

interface Decision {
  readonly group: string
  /** When the coordinator decided it. */
  readonly at: Timestamp
}
interface Place {
  readonly topicId: string
  readonly partition: PartitionNumber
}

/**
 * A new member, or other facts of one that is known. One that has the instance of another member takes its place, with
 * new leases.
 */
export interface JoinConsumerGroup extends Decision {
  readonly type: 'join'
  readonly member: ConsumerGroupMember
}
/** It has left, or its session has run out. */
export interface LeaveConsumerGroup extends Decision {
  readonly type: 'leave'
  readonly member: string
}
/** `epoch`: of the member's last answer when it left these leases out of those that it holds. */
export interface ReleaseLeases extends Decision {
  readonly type: 'release'
  readonly member: string
  readonly epoch: number
  readonly leases: readonly (Place & { readonly token: number })[]
}
/**
 * The target assignment for the members and subscriptions of the epoch `changedIn`. `owners` has for each partition the
 * place of its owner in `members`; -1: nobody subscribes. Partitions of other topics have no owner.
 */
export interface AssignPartitions extends Decision {
  readonly type: 'assign'
  readonly changedIn: number
  readonly members: readonly string[]
  readonly topics: readonly {
    readonly topic: string
    readonly topicId: string
    readonly owners: readonly number[]
  }[]
}
/** Positions under leases. `done`: the delayed record at `offset` is done, and the position stays. */
export interface CommitPositions extends Decision {
  readonly type: 'commit'
  readonly member: string
  readonly positions: readonly (GivenPosition & { readonly token: number; readonly done?: boolean })[]
}
export interface GivenPosition extends Place {
  readonly topic: string
  readonly offset: Offset
  readonly term: Term
  readonly metadata: string
}
/** A record is to come again at `due`, to the member that holds the partition then. */
export interface DelayRecord extends Decision, Place {
  readonly type: 'delay'
  readonly member: string
  readonly token: number
  readonly offset: Offset
  readonly due: Timestamp
  readonly attempt: number
}
/** Of a group without members, which comes to be by it. Positions move anywhere; -1: the position is removed. */
export interface ResetPositions extends Decision {
  readonly type: 'reset'
  readonly positions: readonly GivenPosition[]
}
/** With all its positions, if it has no members. `emptyBefore`: and if the last one had left by then. */
export interface RemoveConsumerGroup extends Decision {
  readonly type: 'remove'
  readonly emptyBefore?: Timestamp
}
/**
 * Topics that do not exist any more, or that the group does not read any more: their positions and delayed records go.
 * Partitions that are assigned or leased stay. `committedBefore`: so does what was committed, or was due, after it.
 */
export interface ForgetTopics extends Decision {
  readonly type: 'forget'
  readonly topicIds: readonly string[]
  readonly committedBefore?: Timestamp
}
