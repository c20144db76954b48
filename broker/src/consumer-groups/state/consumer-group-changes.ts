import type { LogIndex, PartitionNumber, Term } from '@tailrace/schemas'
import type { ConsumerGroup, ConsumerGroupMember, ConsumerGroupPartition, DelayedRecord } from './consumer-group.ts'
import { isForgotten, putDelayed, putMember, putPartition } from './consumer-group.ts'
import { storedKeys } from './stored-keys.ts'

export interface ConsumerGroupsHead {
  appliedIndex: LogIndex
  /** Of the entry at `appliedIndex`; 0: not known. */
  appliedTerm: Term
  /** The largest fencing token given: tokens grow over all groups, so that one that is made anew never repeats any. */
  lastToken: number
  /** The largest epoch of any group. */
  lastEpoch: number
  /** For the keys of the next group. */
  nextNumber: number
}

export interface PartitionPlace {
  readonly topicId: string
  readonly partition: PartitionNumber
}

export type RefusalCode = 'FENCED_MEMBER' | 'UNKNOWN_CONSUMER_GROUP' | 'CONSUMER_GROUP_ACTIVE' | 'CONSUMER_GROUPS_FULL'

/**
 * The result of a command. `fenced`: partitions of which the member has no lease with that token, so nothing was kept
 * for them. `behind`: those whose committed position is beyond the given one, and stays.
 */
export type CommandOutcome =
  | { readonly ok: true; readonly fenced: readonly PartitionPlace[]; readonly behind: readonly PartitionPlace[] }
  | { readonly ok: false; readonly code: RefusalCode }

const NOWHERE: readonly PartitionPlace[] = Object.freeze([])

export const carriedOut: CommandOutcome = { ok: true, fenced: NOWHERE, behind: NOWHERE }

export function refused(code: RefusalCode): CommandOutcome {
  return { ok: false, code }
}

/** By key (storedKeys), the value as it is now; null: there is none any more. */
export type StoredChanges = Map<string, unknown>

/** A command that is being applied to a group. */
export interface GroupChange {
  readonly group: ConsumerGroup
  readonly head: ConsumerGroupsHead
  /** The coordinator has no room for more members, records or metadata. */
  readonly full: boolean
  readonly stored: StoredChanges
}

/** Begins a new epoch of the group. */
export function beginEpoch({ group, head }: GroupChange): void {
  head.lastEpoch += 1
  group.epoch = head.lastEpoch
}

/** Fields of the group itself, and not of something in it. */
export function storeGroup(group: ConsumerGroup, stored: StoredChanges): void {
  const { id, number, epoch, changedIn, assignedFor, emptySince } = group
  stored.set(storedKeys.group(group), { id, number, epoch, changedIn, assignedFor, emptySince })
}

/** Null: the member is none any more. */
export function changeMember({ group, stored }: GroupChange, id: string, member: ConsumerGroupMember | null): void {
  putMember(group, id, member)
  stored.set(storedKeys.member(group, id), member)
}

export function changePartition(
  { group, stored }: GroupChange,
  topic: { readonly topic: string; readonly topicId: string },
  number: PartitionNumber,
  partition: ConsumerGroupPartition,
): void {
  putPartition(group, topic, number, partition)
  const key = storedKeys.partition(group, topic.topicId, number)
  if (isForgotten(partition)) stored.set(key, null)
  else stored.set(key, { topic: topic.topic, topicId: topic.topicId, partition: number, ...partition })
}

/** Null: it does not come again. */
export function changeDelayed({ group, stored }: GroupChange, key: string, record: DelayedRecord | null): void {
  if (record === null && !group.delayed.has(key)) return
  putDelayed(group, key, record)
  stored.set(storedKeys.delayedRecord(group, key), record)
}

/** All that is stored of a group is removed. */
export function forgetGroup(group: ConsumerGroup, stored: StoredChanges): void {
  for (const id of group.members.keys()) stored.set(storedKeys.member(group, id), null)
  for (const { topicId, partitions } of group.topics.values()) {
    for (const number of partitions.keys()) stored.set(storedKeys.partition(group, topicId, number), null)
  }
  for (const key of group.delayed.keys()) stored.set(storedKeys.delayedRecord(group, key), null)
  stored.set(storedKeys.group(group), null)
}
