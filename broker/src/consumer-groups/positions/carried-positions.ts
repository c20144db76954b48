import type { Offset, PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { BrokerApi, TopicDescription } from '../../api/broker-api.ts'
import type { ConsumerGroupPosition, ConsumerGroupProgress } from '../../api/consumer-groups-api.ts'
import { inTurns } from '../../platform/timing/in-turns.ts'
import { ASKED_AT_ONCE, PARTITION_END } from './reset-positions.ts'

/** A position as it is carried from one group, or cluster, to another. Topics have other ids there, so it has none. */
export interface CarriedPosition {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly offset: Offset
  readonly metadata: string
}

export function carriedPositions(progress: readonly ConsumerGroupProgress[]): CarriedPosition[] {
  const committed = progress.filter(({ offset }) => offset >= 0)
  return committed.map(({ topic, partition, offset, metadata }) => ({ topic, partition, offset, metadata }))
}

/**
 * For the topics that have these names here.
 * @throws TailraceError UNKNOWN_TOPIC, UNKNOWN_PARTITION, LEADER_UNAVAILABLE; OFFSET_OUT_OF_RANGE beyond the end of a
 * partition, where the position could not be of these records; INVALID_REQUEST: one is named twice
 */
export async function arrivedPositions(
  api: Pick<BrokerApi, 'describeTopic' | 'findOffset'>,
  carried: readonly CarriedPosition[],
): Promise<ConsumerGroupPosition[]> {
  const names = [...new Set(carried.map(({ topic }) => topic))]
  const described = await inTurns(names, ASKED_AT_ONCE, (name) => api.describeTopic(name))
  const topics = new Map<string, TopicDescription>(described.map((topic) => [topic.name, topic]))
  const places = new Set(carried.map(({ topic, partition }) => `${topic}/${partition}`))
  if (places.size < carried.length) throw new TailraceError('INVALID_REQUEST', 'A partition is named twice.')
  return inTurns(carried, ASKED_AT_ONCE, async ({ topic, partition, offset, metadata }) => {
    const { id: topicId, partitions } = topics.get(topic)!
    if (partition >= partitions.length) {
      throw new TailraceError('UNKNOWN_PARTITION', `"${topic}" has no partition ${partition}.`)
    }
    const { highWatermark } = await api.findOffset(topic, partition, PARTITION_END, { topicId })
    if (offset > highWatermark) {
      const where = `"${topic}" partition ${partition} ends at ${highWatermark}, and the position is ${offset}.`
      throw new TailraceError('OFFSET_OUT_OF_RANGE', where)
    }
    return { topic, topicId, partition, offset, token: 0, term: 0, metadata, done: false }
  })
}
