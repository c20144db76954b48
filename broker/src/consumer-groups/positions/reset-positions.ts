import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { positionFrom } from '@tailrace/schemas/position'
import type { BrokerApi, PartitionDescription, TopicDescription } from '../../api/broker-api.ts'
import type { ConsumerGroupPosition, ConsumerGroupProgress } from '../../api/consumer-groups-api.ts'

/** A position that is to be moved. `from` -1: the group had none. */
export interface MovedPosition {
  readonly topic: string
  readonly topicId: string
  readonly partition: PartitionNumber
  readonly from: Offset
  readonly offset: Offset
}

type Topics = Pick<BrokerApi, 'describeTopic' | 'findOffset'>

/** Where positions are to move: a place of the partition, or so many records from the present position. */
export type ResetTarget =
  | { readonly kind: 'place'; readonly place: Position }
  | { readonly kind: 'by'; readonly by: number }

/**
 * `earliest`, `latest`, an offset, a time as people write it, or `-100` and `+100`.
 * @throws TailraceError INVALID_REQUEST
 */
export function resetTargetOf(text: string): ResetTarget {
  if (/^[+-]\d{1,15}$/.test(text)) return { kind: 'by', by: Number(text) }
  const place = positionFrom(text)
  if (place !== null) return { kind: 'place', place }
  const examples = 'earliest, latest, an offset, a time like 2026-01-31T12:00:00Z, or a number of records like -100'
  throw new TailraceError('INVALID_REQUEST', `"to" is ${JSON.stringify(text.slice(0, 100))}, but must be ${examples}.`)
}

/**
 * Where the positions of a group are to be: of the named topics, or of all that it has positions of. No position moves
 * out of its partition. Topics that do not exist any more are left alone.
 * @throws TailraceError UNKNOWN_TOPIC: a named one; INVALID_REQUEST: there is nothing to move
 */
export async function resolveReset(
  api: Topics,
  progress: readonly ConsumerGroupProgress[],
  target: ResetTarget,
  named: readonly string[] | null,
): Promise<MovedPosition[]> {
  const topics = named ?? [...new Set(progress.map(({ topic }) => topic))]
  const described = await Promise.all(topics.map((topic) => describeIt(api, topic, named !== null)))
  const moves: Promise<MovedPosition | null>[] = []
  for (const topic of described) {
    for (const partition of topic?.partitions ?? []) {
      const known = progress.find((one) => one.topicId === topic!.id && one.partition === partition.partition)
      if (named === null && known === undefined) continue
      moves.push(moved(api, topic!, partition, known?.offset ?? -1, target))
    }
  }
  const found = (await Promise.all(moves)).filter((move) => move !== null)
  if (found.length > 0) return found
  throw new TailraceError('INVALID_REQUEST', 'The group has no position that could be moved: name topics.')
}

async function describeIt(api: Topics, topic: string, isNamed: boolean): Promise<TopicDescription | null> {
  try {
    return await api.describeTopic(topic)
  } catch (error) {
    if (!isNamed && TailraceError.from(error).code === 'UNKNOWN_TOPIC') return null
    throw error
  }
}

async function moved(
  api: Topics,
  { name: topic, id: topicId }: TopicDescription,
  { partition, logStart, highWatermark }: PartitionDescription,
  from: Offset,
  target: ResetTarget,
): Promise<MovedPosition | null> {
  // There is nothing that it could be moved by.
  if (target.kind === 'by' && from < 0) return null
  const wanted = target.kind === 'by' ? from + target.by : await offsetOf(api, topic, topicId, partition, target.place)
  return { topic, topicId, partition, from, offset: Math.min(Math.max(wanted, logStart), highWatermark) }
}

async function offsetOf(
  api: Topics,
  topic: string,
  topicId: string,
  partition: PartitionNumber,
  place: Position,
): Promise<Offset> {
  if (place.kind === 'OFFSET') return place.value
  return (await api.findOffset(topic, partition, place, { topicId })).offset
}

/** Positions as they are set from outside of a group. */
export function positionsOf(moves: readonly Omit<MovedPosition, 'from'>[]): ConsumerGroupPosition[] {
  return moves.map(({ topic, topicId, partition, offset }) => {
    return { topic, topicId, partition, offset, token: 0, term: 0, metadata: '', done: false }
  })
}
