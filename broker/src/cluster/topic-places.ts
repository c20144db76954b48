import type { PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { MetadataState, Topic, TopicPartition } from './metadata-state.ts'

/** @throws TailraceError UNKNOWN_TOPIC */
export function requireTopic(state: MetadataState, name: string): Topic {
  const topic = state.topics.get(name)
  if (topic === undefined) throw new TailraceError('UNKNOWN_TOPIC', `"${name}"`)
  return topic
}

/** @throws TailraceError UNKNOWN_TOPIC, UNKNOWN_PARTITION */
export function requirePartition(state: MetadataState, name: string, partition: PartitionNumber): TopicPartition {
  const { partitions } = requireTopic(state, name)
  const found = partitions[partition]
  if (found === undefined) {
    throw new TailraceError(
      'UNKNOWN_PARTITION',
      `"${name}" has ${partitions.length} partitions, not number ${partition}.`,
    )
  }
  return found
}
