import type {
  ConsumerGroupDescription,
  ConsumerGroupMember,
  ConsumerGroupProgress,
  ConsumerGroupStanding,
  ListedConsumerGroup,
} from '../../api/consumer-groups-api.ts'
import type { ConsumerGroup } from '../state/consumer-group.ts'
import { placeKey } from '../state/place-key.ts'
import type { HeardMembers } from './heard-members.ts'
import { type Ends, lagOf, type PartitionEnds } from './partition-ends.ts'

/** `now`: on the monotonic clock, in milliseconds. */
export async function describeGroup(
  group: ConsumerGroup,
  heard: HeardMembers,
  partitionEnds: PartitionEnds,
  now: number,
): Promise<ConsumerGroupDescription> {
  const ends = await partitionEnds.of(group.topics.keys())
  return {
    kind: 'described',
    state: standingOf(group),
    epoch: group.epoch,
    members: [...group.members.values()].map(({ subscribed, ...member }) => ({
      ...member,
      ...subscribed,
      epoch: heard.of(group.id, member.id)?.epoch ?? 0,
      stuck: stuckOf(group, member.id, heard, now),
    })),
    partitions: progressOf(group, ends),
    delayed: group.delayed.size,
  }
}

/** `now`: as of describeGroup. */
export async function listGroups(
  groups: ReadonlyMap<string, ConsumerGroup>,
  heard: HeardMembers,
  partitionEnds: PartitionEnds,
  now: number,
): Promise<ListedConsumerGroup[]> {
  const ends = await partitionEnds.of([...groups.values()].flatMap(({ topics }) => [...topics.keys()]))
  return [...groups.values()].map((group) => ({
    group: group.id,
    state: standingOf(group),
    members: group.members.size,
    topics: [...new Set([...group.topics.values()].map(({ topic }) => topic))],
    lag: lagOfGroup(group, ends),
    stuck: [...group.members.keys()].reduce((sum, id) => sum + stuckOf(group, id, heard, now).length, 0),
  }))
}

/** rebalancing: a partition is not yet with the member that is to have it. */
function standingOf({ members, topics, assignedFor, changedIn }: ConsumerGroup): ConsumerGroupStanding {
  if (members.size === 0) return 'empty'
  if (assignedFor !== changedIn) return 'rebalancing'
  for (const { partitions } of topics.values()) {
    for (const { owner, holder } of partitions.values()) if (owner !== holder) return 'rebalancing'
  }
  return 'stable'
}

export function progressOf(group: ConsumerGroup, ends: ReadonlyMap<string, Ends>): ConsumerGroupProgress[] {
  const all: ConsumerGroupProgress[] = []
  const topics = [...group.topics.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1))
  for (const { topic, topicId, partitions } of topics) {
    for (const [partition, one] of [...partitions].sort((a, b) => a[0] - b[0])) {
      const { holder: member, token, offset, term, metadata, committedAt } = one
      const known = ends.get(topicId)
      const lag = lagOf(known, partition, offset)
      const place = { topic, topicId, partition }
      all.push({ ...place, member, token, offset, term, metadata, committedAt, end: known?.[partition] ?? -1, lag })
    }
  }
  return all
}

/** -1 where that of one partition is not known. */
function lagOfGroup(group: ConsumerGroup, ends: ReadonlyMap<string, Ends>): number {
  let sum = 0
  for (const { topicId, partitions } of group.topics.values()) {
    for (const [partition, { offset }] of partitions) {
      if (offset < 0) continue
      const lag = lagOf(ends.get(topicId), partition, offset)
      if (lag < 0) return -1
      sum += lag
    }
  }
  return sum
}

/** Records that a handler of the member holds for too long, of partitions that it has or has given up because of it. */
export function stuckOf(
  group: ConsumerGroup,
  id: string,
  heard: HeardMembers,
  now: number,
): ConsumerGroupMember['stuck'] {
  const { stuck = [], stuckAt = now, declined = [] } = heard.of(group.id, id) ?? {}
  const givenUp = new Set(declined.map(placeKey))
  return stuck.flatMap(({ topicId, partition, offset, sinceMs }) => {
    const topic = group.topics.get(topicId)
    if (topic === undefined) return []
    const isItsOwn = topic.partitions.get(partition)?.holder === id || givenUp.has(placeKey({ topicId, partition }))
    if (!isItsOwn) return []
    return [{ topic: topic.topic, partition, offset, sinceMs: sinceMs + Math.max(0, Math.round(now - stuckAt)) }]
  })
}
