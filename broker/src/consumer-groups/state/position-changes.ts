import type { Timestamp } from '@tailrace/schemas'
import type { CommitPositions, DelayRecord, ForgetTopics, ResetPositions } from './commands/consumer-group-command.ts'
import { delayedKey, partitionIn } from './consumer-group.ts'
import type { CommandOutcome, GroupChange, PartitionPlace } from './consumer-group-changes.ts'
import { carriedOut, changeDelayed, changePartition, refused } from './consumer-group-changes.ts'
import { consumerGroupLimits } from './consumer-group-limits.ts'

/**
 * Positions count under the lease whose token they carry; the others of the command do not depend on those that are
 * fenced. A position never goes back: commits of one member may overtake each other, and the later one holds.
 */
export function commit(change: GroupChange, { member, at, positions }: CommitPositions): CommandOutcome {
  const { group, full } = change
  if (!group.members.has(member)) return refused('FENCED_MEMBER')
  if (full && positions.some((given) => growsBy(change, given) > 0)) return refused('CONSUMER_GROUPS_FULL')
  const fenced: PartitionPlace[] = []
  const behind: PartitionPlace[] = []
  for (const { topicId, partition, token, offset, term, metadata, done } of positions) {
    const topic = group.topics.get(topicId)
    const present = partitionIn(group, topicId, partition)
    if (topic === undefined || present.holder !== member || present.token !== token) {
      fenced.push({ topicId, partition })
    } else if (done === true) {
      changeDelayed(change, delayedKey(topicId, partition, offset), null)
    } else if (offset < present.offset) {
      behind.push({ topicId, partition })
    } else {
      changePartition(change, topic, partition, { ...present, offset, term, metadata, committedAt: at })
    }
  }
  if (fenced.length === 0 && behind.length === 0) return carriedOut
  return { ok: true, fenced: once(fenced), behind: once(behind) }
}

/** A commit may name a partition twice: with a position, and with a delayed record that is done. */
function once(places: readonly PartitionPlace[]): readonly PartitionPlace[] {
  return [...new Map(places.map((place) => [`${place.topicId}/${place.partition}`, place])).values()]
}

function growsBy(
  { group }: GroupChange,
  { topicId, partition, metadata }: PartitionPlace & { readonly metadata: string },
): number {
  return metadata.length - partitionIn(group, topicId, partition).metadata.length
}

export function delay(change: GroupChange, command: DelayRecord): CommandOutcome {
  const { group, full } = change
  const { member, token, topicId, partition, offset, due, attempt } = command
  if (!group.members.has(member)) return refused('FENCED_MEMBER')
  const present = partitionIn(group, topicId, partition)
  if (present.holder !== member || present.token !== token) {
    return { ok: true, fenced: [{ topicId, partition }], behind: [] }
  }
  const key = delayedKey(topicId, partition, offset)
  const isNew = !group.delayed.has(key)
  if (isNew && (full || group.delayed.size >= consumerGroupLimits.delayed)) return refused('CONSUMER_GROUPS_FULL')
  changeDelayed(change, key, { topicId, partition, offset, due, attempt })
  return carriedOut
}

/** Delayed records of these partitions do not come again: the new position says which records are read. */
export function reset(change: GroupChange, { at, positions }: ResetPositions): CommandOutcome {
  const { group, full } = change
  if (group.members.size > 0) return refused('CONSUMER_GROUP_ACTIVE')
  if (full && positions.some(({ offset }) => offset >= 0)) return refused('CONSUMER_GROUPS_FULL')
  if (positionsAfter(change, positions) > consumerGroupLimits.partitions) return refused('CONSUMER_GROUPS_FULL')
  const moved = new Set<string>()
  for (const { topic, topicId, partition, offset, term, metadata } of positions) {
    const present = partitionIn(group, topicId, partition)
    const committedAt = offset < 0 ? 0 : at
    changePartition(change, { topic, topicId }, partition, { ...present, offset, term, metadata, committedAt })
    moved.add(`${topicId}/${partition}/`)
  }
  for (const [key, { topicId, partition }] of [...group.delayed]) {
    if (moved.has(`${topicId}/${partition}/`)) changeDelayed(change, key, null)
  }
  group.emptySince = at
  return carriedOut
}

function positionsAfter({ group }: GroupChange, positions: ResetPositions['positions']): number {
  let count = 0
  for (const { partitions } of group.topics.values()) count += partitions.size
  for (const { topicId, partition, offset } of positions) {
    if (offset >= 0 && !group.topics.get(topicId)?.partitions.has(partition)) count += 1
  }
  return count
}

export function forget(change: GroupChange, { topicIds, committedBefore }: ForgetTopics): CommandOutcome {
  const { group } = change
  const isLater = (time: Timestamp): boolean => committedBefore !== undefined && time > committedBefore
  for (const topicId of topicIds) {
    const topic = group.topics.get(topicId)
    if (topic === undefined) continue
    for (const [number, partition] of [...topic.partitions]) {
      if (partition.owner !== '' || partition.holder !== '' || isLater(partition.committedAt)) continue
      changePartition(change, topic, number, { ...partition, offset: -1, metadata: '' })
    }
  }
  const forgotten = new Set(topicIds)
  for (const [key, { topicId, partition, due }] of [...group.delayed]) {
    const { offset, holder, owner } = partitionIn(group, topicId, partition)
    const isNobodys = offset < 0 && holder === '' && owner === ''
    if (forgotten.has(topicId) && isNobodys && !isLater(due)) changeDelayed(change, key, null)
  }
  return carriedOut
}
