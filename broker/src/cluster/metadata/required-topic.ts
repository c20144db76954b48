import type { PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { MetadataState, Topic, TopicPartition } from './metadata-state.ts'

/**
 * The topic that has this name. `id`: of the topic, where the caller knows it; undefined or empty: the topic that has
 * the name.
 * @throws TailraceError UNKNOWN_TOPIC, TOPIC_ID_MISMATCH; NOT_READY where this broker cannot tell
 */
export function requireTopic(state: MetadataState, name: string, id = ''): Topic {
  const topic = state.topics.get(name)
  if (topic === undefined) throw isMissing(state, name)
  if (id !== '' && id !== topic.id) throw cannotTell(state, name) ?? anotherTopic(name, topic.id, id)
  return topic
}

/**
 * The error for a topic that this broker does not know. A broker that has not caught up with the metadata cannot say
 * that it does not exist.
 */
export function isMissing(state: MetadataState, name: string): TailraceError {
  return cannotTell(state, name) ?? new TailraceError('UNKNOWN_TOPIC', `"${name}"`)
}

/** Undefined where this broker's list of topics is up to date. */
function cannotTell(state: MetadataState, name: string): TailraceError | undefined {
  const reasons = {
    level: undefined,
    leaderless: `The metadata group has no leader, so this broker cannot tell whether there is a topic "${name}".`,
    behind: `This broker has not caught up with the metadata, so it cannot tell whether there is a topic "${name}".`,
  }
  const reason = reasons[state.freshness()]
  return reason === undefined ? undefined : new TailraceError('NOT_READY', reason)
}

/** @throws TailraceError TOPIC_ID_MISMATCH unless the topic of this name has the given id, or no id is given */
export function refuseAnother(name: string, present: string, meant: string | undefined): void {
  if (meant === undefined || meant === '' || meant === present) return
  throw anotherTopic(name, present, meant)
}

function anotherTopic(name: string, present: string, meant: string): TailraceError {
  return new TailraceError('TOPIC_ID_MISMATCH', isAnother(name, present, meant))
}

/** The text of TOPIC_ID_MISMATCH. */
export function isAnother(name: string, present: string, meant: string): string {
  return `"${name}" is ${present} here, not ${meant.slice(0, 100)}.`
}

/** @throws TailraceError UNKNOWN_PARTITION */
export function partitionOf({ name, partitions }: Topic, partition: PartitionNumber): TopicPartition {
  const found = partitions[partition]
  if (found === undefined) {
    throw new TailraceError(
      'UNKNOWN_PARTITION',
      `"${name}" has ${partitions.length} partitions, not number ${partition}.`,
    )
  }
  return found
}

/** @throws TailraceError UNKNOWN_TOPIC, TOPIC_ID_MISMATCH, UNKNOWN_PARTITION */
export function requirePartition(
  state: MetadataState,
  name: string,
  partition: PartitionNumber,
  id?: string,
): TopicPartition {
  return partitionOf(requireTopic(state, name, id), partition)
}
