import { type PartitionNumber, type Position, positionFrom, TailraceError } from '@tailrace/schemas'
import type { RoutedTopic } from '../../api/broker-api.ts'
import type { SubscriptionRequest } from '../subscriptions/subscription-parts.ts'
import type { KeyFilter } from './event-text.ts'
import { parseStreamPosition, StreamPosition } from './stream-position.ts'

export interface EventQuery {
  /** Default: all, and those that the topic gets later. */
  readonly partition?: readonly PartitionNumber[]
  /** As `positionFrom`, or the id of an event. */
  readonly from: string
  readonly key?: readonly string[]
  readonly topicId: string
}

export interface EventsAsked {
  readonly request: Omit<SubscriptionRequest, 'credit'>
  /** Where the stream begins. */
  readonly position: StreamPosition
  /** Null: records with any key, or none. */
  readonly filter: KeyFilter | null
}

const earliest = { kind: 'EARLIEST', value: 0 } as const

/**
 * What a request asks for. `lastEventId`: of the stream that it goes on with; it counts more than `from`, which is in
 * the address of the first request and of all that follow.
 * @throws TailraceError INVALID_REQUEST
 */
export function askedEvents(topic: RoutedTopic, query: EventQuery, lastEventId: string | undefined): EventsAsked {
  const filter = filterOf(query.key ?? [])
  const isResumed = lastEventId !== undefined && lastEventId !== ''
  const from = isResumed ? lastEventId : query.from
  const begin = isResumed ? null : positionFrom(from)
  const position = begin === null ? resumed(from, query) : begun(begin, topic, query)
  const { topicId, isOfAll: others } = position
  const partitions = [...position.places].map(([partition, place]) => ({ partition, position: place }))
  return { request: { topic: topic.name, topicId, position: earliest, partitions, others }, position, filter }
}

function begun(begin: Position, topic: RoutedTopic, { partition: named, topicId }: EventQuery): StreamPosition {
  const chosen = named ?? topic.partitions.map(({ partition }) => partition)
  const places = chosen.map((partition) => [partition, begin] as const)
  return new StreamPosition(topicId || topic.id, named === undefined, places)
}

function resumed(text: string, { partition: named, topicId }: EventQuery): StreamPosition {
  const position = parseStreamPosition(text)
  const isSame = named === undefined ? position.isOfAll : !position.isOfAll && areSame(named, position.places)
  if (!isSame) throw invalid('The id is of an event of other partitions: name the same ones.')
  if (topicId !== '' && topicId !== position.topicId)
    throw invalid('The id is of an event of another topic than topicId.')
  return position
}

function areSame(named: readonly PartitionNumber[], places: ReadonlyMap<PartitionNumber, Position>): boolean {
  return named.length === places.size && named.every((partition) => places.has(partition))
}

function filterOf(keys: readonly string[]): KeyFilter | null {
  return keys.length === 0 ? null : { keys: new Set(keys), text: JSON.stringify([...new Set(keys)].sort()) }
}

function invalid(detail: string): TailraceError {
  return new TailraceError('INVALID_REQUEST', detail)
}
