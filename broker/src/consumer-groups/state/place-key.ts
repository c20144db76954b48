import type { PartitionNumber } from '@tailrace/schemas'

/** A partition as the key of a map. */
export function placeKey({
  topicId,
  partition,
}: {
  readonly topicId: string
  readonly partition: PartitionNumber
}): string {
  return `${topicId}/${partition}`
}
