import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { positionFrom } from '@tailrace/schemas/position'
import type { BrokerApi, TopicDescription } from '../../api/broker-api.ts'
import type { ConsumerGroupPosition, ConsumerGroupProgress } from '../../api/consumer-groups-api.ts'
import { inTurns } from '../../platform/timing/in-turns.ts'
import { placeKey } from '../state/place-key.ts'

/** A position that is to be moved. `from` -1: the group had none. */
export interface MovedPosition {
  readonly topic: string
  readonly topicId: string
  readonly partition: PartitionNumber
  readonly from: Offset
  readonly offset: Offset
}

type Topics = Pick<BrokerApi, 'describeTopic' | 'findOffset'>

/** Partitions whose leaders are asked at a time. */
export const ASKED_AT_ONCE = 100
export const PARTITION_END = { kind: 'LATEST', value: 0 } as const

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
 * @throws TailraceError UNKNOWN_TOPIC: a named one; LEADER_UNAVAILABLE; INVALID_REQUEST: there is nothing to move
 */
export async function resolveReset(
  api: Topics,
  progress: readonly ConsumerGroupProgress[],
  target: ResetTarget,
  named: readonly string[] | null,
): Promise<MovedPosition[]> {
  const topics = named ?? [...new Set(progress.map(({ topic }) => topic))]
  const described = await inTurns(topics, ASKED_AT_ONCE, (topic) => describeIt(api, topic, named !== null))
  const known = new Map(progress.map((one) => [placeKey(one), one.offset]))
  const places = described.flatMap((topic) => (topic === null ? [] : placesOf(topic)))
  const wanted = named === null ? places.filter((place) => known.has(placeKey(place))) : places
  const moves = await inTurns(wanted, ASKED_AT_ONCE, (place) =>
    moved(api, place, known.get(placeKey(place)) ?? -1, target),
  )
  const found = moves.filter((move) => move !== null)
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

type Place = Pick<MovedPosition, 'topic' | 'topicId' | 'partition'>

function placesOf({ name: topic, id: topicId, partitions }: TopicDescription): Place[] {
  return partitions.map(({ partition }) => ({ topic, topicId, partition }))
}

/** The bounds of the partition are those that its leader tells: what others know of them may be from before. */
async function moved(api: Topics, place: Place, from: Offset, target: ResetTarget): Promise<MovedPosition | null> {
  const { topic, topicId, partition } = place
  // There is nothing that it could be moved by.
  if (target.kind === 'by' && from < 0) return null
  const given = target.kind === 'by' ? from + target.by : target.place.kind === 'OFFSET' ? target.place.value : null
  const asked = target.kind === 'place' && given === null ? target.place : PARTITION_END
  const { offset, logStart, highWatermark } = await api.findOffset(topic, partition, asked, { topicId })
  return { ...place, from, offset: Math.min(Math.max(given ?? offset, logStart), highWatermark) }
}

/** Positions as they are set from outside of a group. */
export function positionsOf(moves: readonly Omit<MovedPosition, 'from'>[]): ConsumerGroupPosition[] {
  return moves.map(({ topic, topicId, partition, offset }) => {
    return { topic, topicId, partition, offset, token: 0, term: 0, metadata: '', done: false }
  })
}
