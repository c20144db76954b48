import { type Offset, type PartitionNumber, type Position, positionFrom, TailraceError } from '@tailrace/schemas'
import type { Requests } from './requests.ts'

/** Leaders that are asked at the same time. */
const ASKED_AT_ONCE = 64

/** The first or the last offset, or the first record at or after a time: a Date, or an ISO 8601 text. */
export type OffsetAt = 'earliest' | 'latest' | Date | string

export interface PartitionOffset {
  /** Of the first record there; where there is none, the offset that the next record gets. */
  readonly offset: Offset
  readonly logStart: Offset
  readonly highWatermark: Offset
}

/** Of each partition, by its number. @throws TailraceError INVALID_SETTING */
export async function findOffsets(
  requests: Requests,
  topic: string,
  at: OffsetAt,
): Promise<ReadonlyMap<PartitionNumber, PartitionOffset>> {
  const position = positionOf(at)
  const { topicId, count } = await requests.partitionsOf(topic)
  const found = new Map<PartitionNumber, PartitionOffset>()
  for (let first = 0; first < count; first += ASKED_AT_ONCE) {
    const some = Array.from({ length: Math.min(ASKED_AT_ONCE, count - first) }, (_, step) => first + step)
    const answers = await Promise.all(
      some.map((partition) => requests.findOffset({ topic, topicId, partition }, position)),
    )
    for (const [step, { offset, logStart, highWatermark }] of answers.entries()) {
      found.set(first + step, { offset, logStart, highWatermark })
    }
  }
  return found
}

function positionOf(at: unknown): Position {
  const position = typeof at === 'string' || at instanceof Date ? positionFrom(at) : null
  if (position !== null && position.kind !== 'OFFSET') return position
  const examples = "'earliest', 'latest', a Date, or a time such as \"2026-03-01T12:00:00Z\""
  throw new TailraceError('INVALID_SETTING', `at: ${String(at)} is not ${examples}.`)
}
