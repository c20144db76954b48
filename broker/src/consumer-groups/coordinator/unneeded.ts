import type { Timestamp } from '@tailrace/schemas'
import { DEAD_LETTER_GROUP } from '../../api/consumer-groups-api.ts'
import type { ForgetTopics, RemoveConsumerGroup } from '../state/commands/consumer-group-command.ts'
import type { ConsumerGroup } from '../state/consumer-group.ts'

export interface UnneededDeps {
  readonly now: Timestamp
  /** Milliseconds; 0: nothing expires. */
  readonly expirationMs: number
  /** Topics that have been deleted. */
  readonly deleted: { has(topicId: string): boolean }
  /** Whether a member of the group reads this topic, or would if no handler of its were stuck. */
  readonly isRead: (group: ConsumerGroup, topicId: string) => boolean
}

/**
 * What of a group nobody needs any more, as commands: the group itself, a time after its last member has left (Kafka's
 * offsets.retention.minutes); positions in deleted topics; and in topics that its members do not read any more, that
 * time after the last commit. A command about what expires names the time, so that an overtaken one changes nothing.
 */
export function unneededOf(group: ConsumerGroup, deps: UnneededDeps): readonly (RemoveConsumerGroup | ForgetTopics)[] {
  const { now, expirationMs, deleted, isRead } = deps
  const decision = { group: group.id, at: now }
  const before = now - expirationMs
  const expires = expirationMs > 0 && group.id !== DEAD_LETTER_GROUP
  if (expires && group.emptySince !== null && group.emptySince <= before) {
    return [{ type: 'remove', ...decision, emptyBefore: before }]
  }
  const idle = idleTopics(group)
  const gone = [...idle.keys()].filter((id) => deleted.has(id))
  const isUnread = (id: string): boolean => !deleted.has(id) && !isRead(group, id)
  const unread = [...idle].filter(([id, lastUse]) => lastUse <= before && isUnread(id)).map(([id]) => id)
  const commands: ForgetTopics[] = []
  if (gone.length > 0) commands.push({ type: 'forget', ...decision, topicIds: gone })
  if (expires && group.members.size > 0 && unread.length > 0) {
    commands.push({ type: 'forget', ...decision, topicIds: unread, committedBefore: before })
  }
  return commands
}

/** Topics of which nobody has a partition, with the time of the last commit or delayed record. */
function idleTopics({ topics, delayed }: ConsumerGroup): Map<string, Timestamp> {
  const idle = new Map<string, Timestamp>()
  for (const { topicId, partitions } of topics.values()) {
    let lastUse = 0
    for (const { owner, holder, committedAt } of partitions.values()) {
      lastUse = owner === '' && holder === '' ? Math.max(lastUse, committedAt) : Number.POSITIVE_INFINITY
      if (lastUse === Number.POSITIVE_INFINITY) break
    }
    if (lastUse < Number.POSITIVE_INFINITY) idle.set(topicId, lastUse)
  }
  for (const { topicId, due } of delayed.values()) {
    if (idle.has(topicId) || !topics.has(topicId)) idle.set(topicId, Math.max(due, idle.get(topicId) ?? 0))
  }
  return idle
}
