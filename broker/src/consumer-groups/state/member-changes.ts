import type { PartitionNumber } from '@tailrace/schemas'
import type {
  AssignPartitions,
  JoinConsumerGroup,
  LeaveConsumerGroup,
  ReleaseLeases,
} from './commands/consumer-group-command.ts'
import type { ConsumerGroup, ConsumerGroupMember, ConsumerGroupPartition } from './consumer-group.ts'
import { bytesOfMember, partitionIn } from './consumer-group.ts'
import type { CommandOutcome, GroupChange } from './consumer-group-changes.ts'
import { beginEpoch, carriedOut, changeMember, changePartition, refused } from './consumer-group-changes.ts'
import { consumerGroupLimits } from './consumer-group-limits.ts'

/** A member under a new id; one that is known changes its facts. */
export function join(change: GroupChange, { member }: JoinConsumerGroup): CommandOutcome {
  const { group, full } = change
  const known = group.members.get(member.id)
  if (known !== undefined) return joinAgain(change, known, member)
  const replaced = member.instance === '' ? undefined : memberOfInstance(group, member.instance)
  if (replaced === undefined && (full || group.members.size >= consumerGroupLimits.members)) {
    return refused('CONSUMER_GROUPS_FULL')
  }
  beginEpoch(change)
  group.emptySince = null
  if (replaced !== undefined) changeMember(change, replaced.id, null)
  changeMember(change, member.id, member)
  if (replaced === undefined || !isSameSubscription(replaced, member)) group.changedIn = group.epoch
  if (replaced !== undefined) takeOver(change, replaced.id, member.id)
  return carriedOut
}

/** Other facts of a member, such as another subscription. */
function joinAgain(change: GroupChange, known: ConsumerGroupMember, member: ConsumerGroupMember): CommandOutcome {
  if (change.full && bytesOfMember(member) > bytesOfMember(known)) return refused('CONSUMER_GROUPS_FULL')
  // Its instance stays: under another one it would be another member.
  changeMember(change, member.id, { ...member, instance: known.instance })
  if (isSameSubscription(known, member)) return carriedOut
  beginEpoch(change)
  change.group.changedIn = change.group.epoch
  return carriedOut
}

/**
 * The new process gets what the former one had, under tokens that fence it; leases that it was to give back are free.
 */
function takeOver(change: GroupChange, former: string, member: string): void {
  eachPartition(change, (partition) => {
    const owner = partition.owner === former ? member : partition.owner
    const freed = partition.holder === former ? { ...partition, ...FREE } : partition
    return owner === partition.owner && freed === partition ? partition : { ...freed, owner }
  })
}

/** Its partitions have no owner until the next assignment; what others wait for is free at once. */
export function leave(change: GroupChange, { member, at }: LeaveConsumerGroup): CommandOutcome {
  const { group } = change
  if (!group.members.has(member)) return refused('FENCED_MEMBER')
  beginEpoch(change)
  changeMember(change, member, null)
  group.changedIn = group.epoch
  if (group.members.size === 0) group.emptySince = at
  eachPartition(change, (partition) => {
    if (partition.owner !== member && partition.holder !== member) return partition
    const freed = partition.holder === member ? { ...partition, ...FREE } : partition
    return freed.owner === member ? { ...freed, owner: '', ownedSince: group.epoch } : freed
  })
  return carriedOut
}

/** Those that it was told to give back, and knew of: the others are still to be finished, or not known to it yet. */
export function release(change: GroupChange, { member, epoch, leases }: ReleaseLeases): CommandOutcome {
  const { group } = change
  const given = leases.filter(({ topicId, partition, token }) => {
    const { holder, token: present, revoking, leasedSince } = partitionIn(group, topicId, partition)
    return holder === member && present === token && revoking && leasedSince <= epoch
  })
  if (given.length === 0) return carriedOut
  beginEpoch(change)
  for (const { topicId, partition } of given) {
    const topic = group.topics.get(topicId)
    // A partition may be named twice.
    if (topic === undefined) continue
    const present = partitionIn(group, topicId, partition)
    if (present.holder === member) changePartition(change, topic, partition, leased(change, { ...present, ...FREE }))
  }
  return carriedOut
}

export function assign(change: GroupChange, { changedIn, members, topics }: AssignPartitions): CommandOutcome {
  const { group } = change
  // The members are others by now: the coordinator makes another assignment for them.
  if (changedIn !== group.changedIn) return carriedOut
  const assigned = topics.reduce((sum, { owners }) => sum + owners.length, 0)
  if (assigned > consumerGroupLimits.partitions) return refused('CONSUMER_GROUPS_FULL')
  if (change.full && topics.some((topic) => isLarger(group, topic))) return refused('CONSUMER_GROUPS_FULL')
  beginEpoch(change)
  group.assignedFor = changedIn
  const wished = new Map(topics.map((topic) => [topic.topicId, topic]))
  const ownerOf = (topicId: string, partition: PartitionNumber): string => {
    const owner = members[wished.get(topicId)?.owners[partition] ?? -1] ?? ''
    return group.members.has(owner) ? owner : ''
  }
  for (const topic of topics) {
    topic.owners.forEach((_, partition) => {
      const present = partitionIn(group, topic.topicId, partition)
      const owner = ownerOf(topic.topicId, partition)
      if (owner !== present.owner) changePartition(change, topic, partition, owned(change, present, owner))
    })
  }
  eachPartition(change, (partition, topicId, number) => {
    const owner = ownerOf(topicId, number)
    return owner === partition.owner ? partition : { ...partition, owner, ownedSince: group.epoch }
  })
  return carriedOut
}

function isLarger(group: ConsumerGroup, { topicId, owners }: AssignPartitions['topics'][number]): boolean {
  return owners.length > (group.topics.get(topicId)?.partitions.size ?? 0)
}

const FREE = { holder: '', token: 0, leasedSince: 0, revoking: false } as const

function owned(change: GroupChange, partition: ConsumerGroupPartition, owner: string): ConsumerGroupPartition {
  return leased(change, { ...partition, owner, ownedSince: change.group.epoch })
}

/**
 * A free partition is leased to its owner; one that another holds is to be given back. This is the one place where
 * leases are given.
 */
function leased({ group, head }: GroupChange, partition: ConsumerGroupPartition): ConsumerGroupPartition {
  const { owner, holder, revoking } = partition
  if (holder === '') {
    if (owner === '') return partition
    head.lastToken += 1
    return { ...partition, holder: owner, token: head.lastToken, leasedSince: group.epoch, revoking: false }
  }
  if (revoking === (owner !== holder)) return partition
  // A member that left it out before the revocation was taken back has not given it back.
  return revoking ? { ...partition, revoking: false, leasedSince: group.epoch } : { ...partition, revoking: true }
}

/**
 * Changes partitions of the group; the leases follow. In an order of its own: that of the maps differs between brokers,
 * and tokens are given in it.
 */
function eachPartition(
  change: GroupChange,
  changed: (partition: ConsumerGroupPartition, topicId: string, number: PartitionNumber) => ConsumerGroupPartition,
): void {
  const topics = [...change.group.topics.values()].sort((a, b) => (a.topicId < b.topicId ? -1 : 1))
  for (const topic of topics) {
    for (const [number, partition] of [...topic.partitions].sort((a, b) => a[0] - b[0])) {
      const next = changed(partition, topic.topicId, number)
      if (next !== partition) changePartition(change, topic, number, leased(change, next))
    }
  }
}

function memberOfInstance(group: ConsumerGroup, instance: string): ConsumerGroupMember | undefined {
  for (const member of group.members.values()) if (member.instance === instance) return member
  return undefined
}

function isSameSubscription({ subscribed: a }: ConsumerGroupMember, { subscribed: b }: ConsumerGroupMember): boolean {
  const areSame = (some: readonly string[], others: readonly string[]): boolean =>
    some.length === others.length && some.every((name, at) => name === others[at])
  return areSame(a.topics, b.topics) && areSame(a.patterns, b.patterns)
}
