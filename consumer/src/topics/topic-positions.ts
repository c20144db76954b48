import { TailraceError } from '@tailrace/schemas'
import { type Positions, positionsFrom } from '../positions.ts'
import type { From } from '../range/start.ts'

/**
 * Where a reader of several topics goes on: the position of each. A Map, which JSON.stringify turns into
 * `{"topics":{"orders":{"topicId":"…","offsets":{"0":3}}}}`; both forms can be given to `from` and `to`.
 */
export class TopicPositions extends Map<string, Positions> {
  toJSON(): { topics: Record<string, Positions> } {
    return { topics: Object.fromEntries(this) }
  }
}

/** For all topics the same, or a position for each: as `position()` gave it, also by way of JSON. */
export type FromTopics =
  | 'earliest'
  | 'latest'
  | number
  | Date
  | string
  | ReadonlyMap<string, Positions>
  | { readonly topics: object }

/** Where each topic begins, or ends. `named`: undefined unless positions by topic were given. */
export interface TopicPlaces {
  readonly named: TopicPositions | undefined
  /** Undefined: the topic is not named. */
  of(topic: string): From | undefined
}

/** @throws TailraceError INVALID_SETTING */
export function topicPlaces(given: FromTopics | undefined, option: string): TopicPlaces | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'object' || given === null || given instanceof Date) {
    return { named: undefined, of: () => given }
  }
  const topics = given instanceof Map ? [...given] : topicsIn(given)
  if (topics.length === 0) throw wrong(option)
  const named = new TopicPositions()
  for (const [topic, positions] of topics) {
    if (typeof positions !== 'object' || positions === null) throw wrong(option)
    named.set(topic, positionsFrom(positions, `${option}: topic "${topic}"`))
  }
  return { named, of: (topic) => named.get(topic) }
}

function topicsIn(given: object): [string, unknown][] {
  const { topics } = given as { topics?: unknown }
  return typeof topics === 'object' && topics !== null ? Object.entries(topics) : []
}

function wrong(option: string): TailraceError {
  return new TailraceError(
    'INVALID_SETTING',
    `${option}: it is no position of several topics: give what position() gave.`,
  )
}
