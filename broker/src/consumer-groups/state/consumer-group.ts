import type { Offset, PartitionNumber, Term, Timestamp } from '@tailrace/schemas'

/** Names of topics, and patterns of names. */
export interface ConsumerGroupTopics {
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
}

export interface ConsumerGroupMember {
  /** Chosen by the client, new for each life of a member. */
  readonly id: string
  /** The name under which a restarted process takes the place of the former one; empty: it has none. */
  readonly instance: string
  readonly clientId: string
  readonly host: string
  readonly principal: string
  readonly rack: string
  /** Milliseconds without a beat after which the member is taken out. */
  readonly sessionMs: number
  readonly subscribed: ConsumerGroupTopics
}

/**
 * What a group knows of one partition. Replaced as a whole with each change. An owner is wished for; a holder has the
 * lease, and may read until it has given it back.
 */
export interface ConsumerGroupPartition {
  /** The member that the target assignment names; empty: none. */
  readonly owner: string
  /** The epoch of the group in which it became the owner. */
  readonly ownedSince: number
  /** The member that has the lease; empty: the partition is free. */
  readonly holder: string
  /** The fencing token of the lease, which no other lease of this coordinator has had; 0: there is no lease. */
  readonly token: number
  /**
   * The epoch in which the lease was given, or its revocation was taken back: a member that knows it knows the lease.
   */
  readonly leasedSince: number
  /** The holder is to finish and to give the lease back. */
  readonly revoking: boolean
  /** The committed position: the offset of the record that comes next; -1: none. */
  readonly offset: Offset
  /** Of the record before it, as the client said. */
  readonly term: Term
  readonly metadata: string
  readonly committedAt: Timestamp
}

export interface ConsumerGroupTopic {
  readonly topic: string
  readonly topicId: string
  readonly partitions: Map<PartitionNumber, ConsumerGroupPartition>
}

/** A record that is to come again later. */
export interface DelayedRecord {
  readonly topicId: string
  readonly partition: PartitionNumber
  readonly offset: Offset
  readonly due: Timestamp
  /** Counts the deliveries; chosen by the client. */
  readonly attempt: number
}

export interface ConsumerGroup {
  readonly id: string
  /** Of its keys in the state store. */
  readonly number: number
  /** Grows with each change of members, subscriptions, target and leases. */
  epoch: number
  /** The epoch of the last change of members or subscriptions. */
  changedIn: number
  /** The value of `changedIn` that the target assignment was made for. */
  assignedFor: number
  /** When the last member left; null: it has members. */
  emptySince: Timestamp | null
  readonly members: Map<string, ConsumerGroupMember>
  readonly topics: Map<string, ConsumerGroupTopic>
  /** By `delayedKey`. */
  readonly delayed: Map<string, DelayedRecord>
  /** An estimate of its memory, in bytes. */
  bytes: number
}

const GROUP_BYTES = 1000
const MEMBER_BYTES = 600
const PARTITION_BYTES = 400
const DELAYED_BYTES = 300
/** Of a character, in a text of any script. */
const CHARACTER_BYTES = 2

export function newConsumerGroup(id: string, number: number, at: Timestamp): ConsumerGroup {
  return {
    id,
    number,
    epoch: 0,
    changedIn: 0,
    assignedFor: 0,
    emptySince: at,
    members: new Map(),
    topics: new Map(),
    delayed: new Map(),
    bytes: GROUP_BYTES + CHARACTER_BYTES * id.length,
  }
}

export const UNKNOWN_PARTITION: ConsumerGroupPartition = {
  owner: '',
  ownedSince: 0,
  holder: '',
  token: 0,
  leasedSince: 0,
  revoking: false,
  offset: -1,
  term: 0,
  metadata: '',
  committedAt: 0,
}

export function partitionIn(group: ConsumerGroup, topicId: string, partition: PartitionNumber): ConsumerGroupPartition {
  return group.topics.get(topicId)?.partitions.get(partition) ?? UNKNOWN_PARTITION
}

export function delayedKey(topicId: string, partition: PartitionNumber, offset: Offset): string {
  return `${topicId}/${partition}/${offset}`
}

/** Puts a member in; null: takes it out. */
export function putMember(group: ConsumerGroup, id: string, member: ConsumerGroupMember | null): void {
  const former = group.members.get(id)
  if (former !== undefined) group.bytes -= bytesOfMember(former)
  if (member === null) group.members.delete(id)
  else {
    group.members.set(id, member)
    group.bytes += bytesOfMember(member)
  }
}

/** Replaces what is known of a partition; one of which nothing is known any more is forgotten. */
export function putPartition(
  group: ConsumerGroup,
  { topic, topicId }: { readonly topic: string; readonly topicId: string },
  number: PartitionNumber,
  partition: ConsumerGroupPartition,
): void {
  let known = group.topics.get(topicId)
  const former = known?.partitions.get(number)
  if (former !== undefined) group.bytes -= bytesOfPartition(former)
  if (isForgotten(partition)) {
    known?.partitions.delete(number)
    if (known?.partitions.size === 0) group.topics.delete(topicId)
    return
  }
  if (known === undefined) {
    known = { topic, topicId, partitions: new Map() }
    group.topics.set(topicId, known)
  }
  known.partitions.set(number, partition)
  group.bytes += bytesOfPartition(partition)
}

export function isForgotten({ owner, holder, offset }: ConsumerGroupPartition): boolean {
  return owner === '' && holder === '' && offset < 0
}

/** Puts a record in; null: takes it out. */
export function putDelayed(group: ConsumerGroup, key: string, record: DelayedRecord | null): void {
  if (group.delayed.delete(key)) group.bytes -= DELAYED_BYTES
  if (record === null) return
  group.delayed.set(key, record)
  group.bytes += DELAYED_BYTES
}

export function bytesOfMember({
  id,
  instance,
  clientId,
  host,
  principal,
  rack,
  subscribed,
}: ConsumerGroupMember): number {
  let characters = 0
  for (const text of [id, instance, clientId, host, principal, rack, ...subscribed.topics, ...subscribed.patterns]) {
    characters += text.length
  }
  return MEMBER_BYTES + CHARACTER_BYTES * characters + 50 * (subscribed.topics.length + subscribed.patterns.length)
}

function bytesOfPartition({ metadata }: ConsumerGroupPartition): number {
  return PARTITION_BYTES + CHARACTER_BYTES * metadata.length
}
