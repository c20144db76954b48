import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { BoundedRange } from './bounded-range.ts'
import { EndlessRange, type Range } from './range.ts'
import type { From, Start } from './start.ts'
import { startOf } from './start-of.ts'

/** The options of a subscription that say what part of its partitions is read. */
export interface RangeOptions {
  /** Where to begin. Default 'latest'; 'earliest' with `to` or `until`. */
  readonly from?: From
  /**
   * Where partitions begin that `from` does not name when it gives offsets by partition. Default 'earliest': no record
   * is left out.
   */
  readonly otherwise?: 'earliest' | 'latest'
  /** In the place of `from`: so many of the last records of each partition, or as many as there are. */
  readonly last?: number
  /**
   * Ends the loop before this place of each partition: an offset; a time (before the first record at or after it; the
   * end where there is none); offsets by partition, of which those that are not named are not read.
   */
  readonly to?: From
  /** 'end': ends the loop behind the last record that was acknowledged before it began. */
  readonly until?: 'end'
  /** Only these partitions. Default: all, also those that are added later if the loop has no end. */
  readonly partitions?: readonly PartitionNumber[]
  /**
   * What to do when the topic has been deleted and another one has its name, also when `from` is a position of the
   * former one. Default 'fail': TOPIC_ID_MISMATCH. Else the new topic is read, all of it or from its end.
   */
  readonly onTopicRecreated?: 'fail' | 'earliest' | 'latest'
}

/** @throws TailraceError INVALID_SETTING */
export function rangeOf(options: RangeOptions): Range {
  const { until, last, partitions, otherwise = 'earliest', onTopicRecreated = 'fail' } = options
  if (otherwise !== 'earliest' && otherwise !== 'latest') {
    throw wrong(`otherwise: "${String(otherwise)}" is not earliest or latest.`)
  }
  if (until !== undefined && until !== 'end') throw wrong(`until: "${String(until)}" is not end.`)
  if (last !== undefined && !(Number.isSafeInteger(last) && last > 0)) {
    throw wrong(`last: ${String(last)} is not a whole number from 1 on.`)
  }
  if (last !== undefined && options.from !== undefined) throw wrong('last: give it or from, not both.')
  const to = options.to === undefined ? undefined : startOf(options.to, partitions, 'earliest', 'to')
  const hasEnd = until === 'end' || to !== undefined
  if (hasEnd && onTopicRecreated !== 'fail')
    throw wrong('onTopicRecreated: an end (to, until) is one of a single topic.')
  const start = startOf(options.from ?? (hasEnd ? 'earliest' : 'latest'), partitions, otherwise)
  checkTopics(start, to)
  if (last === undefined && !hasEnd) return new EndlessRange(start)
  return new BoundedRange(start, { last, to, untilEnd: until === 'end' })
}

function checkTopics(start: Start, to: Start | undefined): void {
  const [one, other] = [start.offsets.topicId, to?.offsets.topicId ?? '']
  if (one === '' || other === '' || one === other) return
  throw wrong(`to: it is a position in the topic ${other}, and from in ${one}.`)
}

function wrong(detail: string): TailraceError {
  return new TailraceError('INVALID_SETTING', detail)
}
