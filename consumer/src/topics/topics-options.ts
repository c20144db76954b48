import { TailraceError } from '@tailrace/schemas'
import type { SubscribeOptions } from '../options.ts'
import type { Range } from '../range/range.ts'
import { rangeOf } from '../range/range-options.ts'
import { type FromTopics, type TopicPlaces, topicPlaces } from './topic-positions.ts'

/** As for one topic; `from` and `to` take positions by topic. */
export interface TopicsOptions extends Omit<SubscribeOptions, 'from' | 'to' | 'partitions'> {
  readonly from?: FromTopics
  readonly to?: FromTopics
}

/** What is read of each topic. */
export interface TopicRanges {
  readonly from: TopicPlaces | undefined
  readonly hasEnd: boolean
  /** `isLater`: it was not there when the loop began, so all of it is new. Undefined: nothing is read of it. */
  of(topic: string, isLater: boolean): Range | undefined
}

/** @throws TailraceError INVALID_SETTING */
export function topicRanges(options: TopicsOptions): TopicRanges {
  if ((options as SubscribeOptions).partitions !== undefined) {
    throw new TailraceError('INVALID_SETTING', 'partitions: of several topics all partitions are read.')
  }
  const from = topicPlaces(options.from, 'from')
  const to = topicPlaces(options.to, 'to')
  const { otherwise = 'earliest' } = options
  const rangeFor = (topic: string, isLater: boolean): Range => {
    const { from: _from, to: _to, last, ...more } = options
    const begin = from === undefined ? undefined : (from.of(topic) ?? otherwise)
    const end = to?.of(topic)
    const isNamed = from?.named?.has(topic) ?? false
    if (isLater && !isNamed) return rangeOf({ ...more, from: 'earliest' })
    return rangeOf({
      ...more,
      ...(last !== undefined && { last }),
      ...(begin !== undefined && { from: begin }),
      ...(end !== undefined && { to: end }),
    })
  }
  // What is wrong is told at once.
  const { hasEnd } = rangeFor([...(to?.named?.keys() ?? from?.named?.keys() ?? [''])][0]!, false)
  return {
    from,
    hasEnd,
    of: (topic, isLater) => (to?.named?.has(topic) === false ? undefined : rangeFor(topic, isLater)),
  }
}
