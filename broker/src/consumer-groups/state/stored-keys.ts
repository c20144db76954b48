import type { PartitionNumber } from '@tailrace/schemas'
import type { ConsumerGroup } from './consumer-group.ts'

/**
 * Keys of the state in the store, behind the prefix of the Raft group. Each item has one of its own, so that a change
 * writes what it changes.
 */
export const storedKeys = {
  format: 'format',
  head: 'head',
  groups: 'group/',
  members: 'member/',
  partitions: 'partition/',
  delayed: 'delayed/',
  group: ({ number }: ConsumerGroup): string => `group/${padded(number)}`,
  member: ({ number }: ConsumerGroup, id: string): string => `member/${padded(number)}/${id}`,
  partition: ({ number }: ConsumerGroup, topicId: string, partition: PartitionNumber): string =>
    `partition/${padded(number)}/${topicId}/${partition}`,
  /** `key`: of `delayedKey`. */
  delayedRecord: ({ number }: ConsumerGroup, key: string): string => `delayed/${padded(number)}/${key}`,
} as const

function padded(number: number): string {
  return String(number).padStart(10, '0')
}

/** The number of the group to which a key of an item in it belongs. */
export function numberIn(key: string): number {
  return Number(key.split('/')[1])
}
