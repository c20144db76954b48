import type { PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { MetadataState, Topic, TopicPartition } from './metadata-state.ts'

/**
 * The topic that has this name. `id`: the one that is meant, where the caller knows it; undefined or empty: whichever has the name.
 * @throws TailraceError UNKNOWN_TOPIC, TOPIC_ID_MISMATCH
 */
export function requireTopic(state: MetadataState, name: string, id = ''): Topic {
  const topic = state.topics.get(name)
  if (topic === undefined) throw new TailraceError('UNKNOWN_TOPIC', `"${name}"`)
  refuseAnother(name, topic.id, id)
  return topic
}

/** @throws TailraceError TOPIC_ID_MISMATCH unless the topic of this name is the one that is meant, or none in particular is */
export function refuseAnother(name: string, present: string, meant: string | undefined): void {
  if (meant === undefined || meant === '' || meant === present) return
  throw new TailraceError('TOPIC_ID_MISMATCH', `"${name}" is ${present} here, not ${meant.slice(0, 100)}.`)
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
