import type { Offset } from '@tailrace/schemas'
import { Positions } from '../../positions.ts'
import type { From, Start } from '../../range/start.ts'
import { startOf } from '../../range/start-of.ts'
import type { PartitionId } from '../beats/beat-messages.ts'

/** Beginning of a partition of one certain topic. `from`: where, if no offset is given. */
export function startOfPartition({ topicId, partition }: PartitionId, offset: Offset | undefined, from: From): Start {
  if (offset !== undefined) {
    const offsets = new Positions([[partition, offset]], topicId)
    return { partitions: [partition], offsets, positionOf: () => ({ kind: 'OFFSET', value: offset }) }
  }
  const { positionOf } = startOf(from, [partition])
  return { partitions: [partition], offsets: new Positions([], topicId), positionOf }
}
