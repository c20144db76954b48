import type { Timestamp } from '@tailrace/schemas'
import type { AssignableMember, AssignableTopic } from '../state/assignment/target-assignment.ts'
import { targetAssignment } from '../state/assignment/target-assignment.ts'
import type { AssignPartitions } from '../state/commands/consumer-group-command.ts'
import type { ConsumerGroup, ConsumerGroupMember } from '../state/consumer-group.ts'
import { partitionIn } from '../state/consumer-group.ts'
import { consumerGroupLimits } from '../state/consumer-group-limits.ts'
import { matchesPattern } from './topic-patterns.ts'
import type { KnownTopic, TopicsView } from './topics-view.ts'

export interface TargetDeps {
  readonly view: TopicsView
  /** Whether the member may read a topic that one of its patterns matches; the topics that it names were checked. */
  readonly mayRead: (member: string, topic: string) => boolean
  /** The partitions (`placeKey`) that a member does not take for now. */
  readonly declines: (member: string) => ReadonlySet<string>
}

/**
 * The owners that partitions are to have, as a command; null: they have them. Topics beyond what a group may have are
 * left out, those that come last by name.
 */
export function targetOf(deps: TargetDeps, group: ConsumerGroup, at: Timestamp): AssignPartitions | null {
  const { members, topics } = assignable(deps, group)
  const owners = targetAssignment(members, topics, (topicId, partition) => partitionIn(group, topicId, partition))
  if (group.assignedFor === group.changedIn && isAsBefore(group, owners)) return null
  const ids = [...group.members.keys()]
  const places = new Map(ids.map((id, place) => [id, place]))
  return {
    type: 'assign',
    group: group.id,
    at,
    changedIn: group.changedIn,
    members: ids,
    topics: topics.map(({ topicId }) => ({
      topic: deps.view.topicsById.get(topicId)!.name,
      topicId,
      owners: (owners.get(topicId) ?? []).map((owner) => places.get(owner) ?? -1),
    })),
  }
}

function assignable(deps: TargetDeps, group: ConsumerGroup) {
  const wanted = new Map<string, KnownTopic>()
  const members: AssignableMember[] = []
  for (const member of group.members.values()) {
    const topics = topicsOf(deps, member)
    for (const topic of topics) wanted.set(topic.id, topic)
    members.push({ id: member.id, topicIds: new Set(topics.map(({ id }) => id)), declined: deps.declines(member.id) })
  }
  const topics: AssignableTopic[] = []
  let room: number = consumerGroupLimits.partitions
  for (const { id, partitions } of [...wanted.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (partitions.length > room) continue
    room -= partitions.length
    topics.push({ topicId: id, partitions: partitions.length })
  }
  return { members, topics }
}

function topicsOf({ view, mayRead }: TargetDeps, { id, subscribed }: ConsumerGroupMember): KnownTopic[] {
  const found = new Set<KnownTopic>()
  for (const name of subscribed.topics) {
    const topic = view.topics.get(name)
    if (topic !== undefined) found.add(topic)
  }
  if (subscribed.patterns.length === 0) return [...found]
  for (const topic of view.topics.values()) {
    // Topics of brokers are read by name alone.
    if (topic.name.startsWith('__') || found.has(topic)) continue
    const matches = subscribed.patterns.some((pattern) => matchesPattern(pattern, topic.name))
    if (matches && mayRead(id, topic.name)) found.add(topic)
  }
  return [...found]
}

/** Whether a member names the topic, or has a pattern that matches it. */
export function isSubscribed({ members }: Pick<ConsumerGroup, 'members'>, topic: string): boolean {
  for (const { subscribed } of members.values()) {
    const { topics, patterns } = subscribed
    if (topics.includes(topic) || patterns.some((pattern) => matchesPattern(pattern, topic))) return true
  }
  return false
}

/** Whether a topic exists under this id, and a member names it or has a pattern that matches it. */
export function isRead({ topicsById }: TopicsView, group: Pick<ConsumerGroup, 'members'>, topicId: string): boolean {
  const topic = topicsById.get(topicId)
  return topic !== undefined && isSubscribed(group, topic.name)
}

export function hasPatterns({ members }: Pick<ConsumerGroup, 'members'>): boolean {
  for (const { subscribed } of members.values()) if (subscribed.patterns.length > 0) return true
  return false
}

function isAsBefore(group: ConsumerGroup, owners: ReadonlyMap<string, readonly string[]>): boolean {
  for (const [topicId, wanted] of owners) {
    if (wanted.some((owner, partition) => partitionIn(group, topicId, partition).owner !== owner)) return false
  }
  for (const [topicId, { partitions }] of group.topics) {
    for (const [number, { owner }] of partitions) {
      if (owner !== '' && owners.get(topicId)?.[number] !== owner) return false
    }
  }
  return true
}
