import type { BrokerId, GroupId, LogIndex, Offset, PartitionNumber, Term, Timestamp } from '@tailrace/schemas'
import type { TopicChanges } from '../../../api/admin-api.ts'
import { areTexts, isBrokerSet, isNatural, isNonEmptyArray, isPositive } from './command-checks.ts'

/**
 * Changes of existing topics and partitions. `at` and `broker`: time and broker of an operator's request; `by`: the
 * operator, if the request names one.
 */
export type TopicCommand =
  | AssignReplicas
  | CancelChange
  | ReplicasChanged
  | ForceReplicas
  | ReplicaDropped
  | SetTopicConfig
  | SetPriority
  | AddPartitions
  | RecordsDeleted

/** Other replicas are wanted, in order of preference. Newcomers are admitted under the index of this command. */
export interface AssignReplicas {
  readonly type: 'assign-replicas'
  readonly topicId: string
  readonly partition: PartitionNumber
  readonly replicas: readonly BrokerId[]
}
export interface CancelChange {
  readonly type: 'cancel-change'
  readonly topicId: string
  readonly partition: PartitionNumber
}
/** The result of the change that was requested at index `change`. */
export interface ReplicasChanged {
  readonly type: 'replicas-changed'
  readonly group: GroupId
  readonly change: LogIndex
  readonly outcome: 'done' | 'failed'
  readonly reason: string
}
/**
 * M83: `leader` makes `members` the partition's replicas by itself; replicas of the `lost` brokers are outdated from
 * now on.
 */
export interface ForceReplicas {
  readonly type: 'force-replicas'
  readonly topicId: string
  readonly partition: PartitionNumber
  readonly members: readonly BrokerId[]
  readonly leader: BrokerId
  readonly lost: readonly BrokerId[]
  /** The leader's term will be above this one, which is the largest that was known (0 if none was known). */
  readonly term?: Term
  readonly at: Timestamp
  readonly broker: BrokerId
  readonly by: string
}
/** A broker that was lost when members were forced is back, and has deleted its outdated replica. */
export interface ReplicaDropped {
  readonly type: 'replica-dropped'
  readonly group: GroupId
  readonly broker: BrokerId
}
export interface SetTopicConfig {
  readonly type: 'set-topic-config'
  readonly name: string
  readonly changes: TopicChanges
}
/** M82. Group 0 as well. */
export interface SetPriority {
  readonly type: 'set-priority'
  readonly group: GroupId
  readonly broker: BrokerId
  readonly factor: number
}
/**
 * A topic gets more partitions, numbered from `first` on, which is how many it has. Groups are numbered when the
 * command is applied. Of the third feature level.
 */
export interface AddPartitions {
  readonly type: 'add-partitions'
  readonly topicId: string
  readonly first: PartitionNumber
  readonly partitions: readonly { readonly replicas: readonly BrokerId[] }[]
}

/**
 * The partition's leader has deleted the records before an offset, by an entry of its log. So cascade brokers learn of
 * it. Of the third feature level.
 */
export interface RecordsDeleted {
  readonly type: 'records-deleted'
  readonly group: GroupId
  readonly before: Offset
}

export function isTopicCommand(value: { type?: string }): value is TopicCommand {
  const command = value as TopicCommand
  switch (command.type) {
    case 'assign-replicas':
      return isPlace(command) && isBrokerSet(command.replicas) && command.replicas.length > 0
    case 'cancel-change':
      return isPlace(command)
    case 'replicas-changed':
      return (
        isPositive(command.group) &&
        isPositive(command.change) &&
        (command.outcome === 'done' || command.outcome === 'failed') &&
        areTexts(command.reason)
      )
    case 'force-replicas':
      return (
        isPlace(command) &&
        isBrokerSet(command.members) &&
        isBrokerSet(command.lost) &&
        command.members.includes(command.leader) &&
        (command.term === undefined || isNatural(command.term)) &&
        isNatural(command.at) &&
        isPositive(command.broker) &&
        areTexts(command.by)
      )
    case 'replica-dropped':
      return isPositive(command.group) && isPositive(command.broker)
    case 'set-topic-config':
      return areTexts(command.name) && typeof command.changes === 'object' && command.changes !== null
    case 'set-priority':
      return (
        isNatural(command.group) && isPositive(command.broker) && isPositive(command.factor) && command.factor <= 10
      )
    case 'add-partitions':
      return (
        typeof command.topicId === 'string' &&
        isPositive(command.first) &&
        isNonEmptyArray(command.partitions) &&
        command.partitions.every((some) => isBrokerSet(some?.replicas) && some.replicas.length > 0)
      )
    case 'records-deleted':
      return isPositive(command.group) && isNatural(command.before)
    default:
      return false
  }
}

function isPlace({ topicId, partition }: { topicId?: unknown; partition?: unknown }): boolean {
  return typeof topicId === 'string' && isNatural(partition)
}
