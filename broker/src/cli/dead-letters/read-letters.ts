import type { Offset, PartitionNumber } from '@tailrace/schemas'
import type { TailedRecord } from '../records/record-text.ts'
import type { WaitingLetters } from './waiting.ts'

/** The part of a consumer that this needs; `Consumer` of @tailrace/consumer is one. */
export interface LetterSource {
  subscribe(
    topic: string,
    options: { from: Map<PartitionNumber, Offset>; bytes: true; partitions: PartitionNumber[]; signal: AbortSignal },
  ): AsyncIterable<TailedRecord>
}

/** The dead letters that wait, each partition in order, until the last of them. @throws what the subscription throws */
export async function* readLetters(
  topic: string,
  waiting: readonly WaitingLetters[],
  source: LetterSource,
  signal: AbortSignal,
): AsyncGenerator<TailedRecord, undefined> {
  const open = new Map(waiting.filter(({ next, end }) => next < end).map(({ partition, end }) => [partition, end]))
  if (open.size === 0) return
  const from = new Map(waiting.map(({ partition, next }) => [partition, next]))
  const partitions = [...open.keys()]
  for await (const record of source.subscribe(topic, { from, bytes: true, partitions, signal })) {
    const end = open.get(record.partition)
    if (end === undefined) continue
    yield record
    if (record.offset + 1 >= end) open.delete(record.partition)
    if (open.size === 0) return
  }
}
