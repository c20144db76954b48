import {
  type BrokerId,
  baseOffsetAt,
  type DecodedRecord,
  endOffsetAt,
  forEachBatch,
  type Offset,
  TailraceError,
} from '@tailrace/schemas'
import type { ReadAnswer } from './point-read.ts'
import type { ReadPlace } from './read-options.ts'
import { eachMade, type OnUnreadable } from './readable-records.ts'
import type { ConsumerRecord, RecordMaker } from './record.ts'

/** The records found at a place. */
export interface ReadResult<Data = string> {
  /** From the offset on, in order. Empty where the partition ends there. */
  readonly records: readonly ConsumerRecord<Data>[]
  /** Where to read on. */
  readonly nextOffset: Offset
  /** As the broker that answered knows it. */
  readonly highWatermark: Offset
  /** The broker whose own replica answered; null: the leader did. */
  readonly replica: BrokerId | null
}

/**
 * @throws TailraceError INVALID_BATCH, UNSUPPORTED_COMPRESSION, INVALID_RECORD, with `place`, when the first record has
 * that error
 */
export function readResult<Data>(
  topic: string,
  { partition, offset }: ReadPlace,
  { body, nextOffset, highWatermark, replica }: ReadAnswer,
  make: RecordMaker<Data>,
  onUnreadable: OnUnreadable,
): ReadResult<Data> {
  const records: ConsumerRecord<Data>[] = []
  try {
    forEachBatch(body, (start) => {
      const firstOffset = Math.max(offset, baseOffsetAt(body, start))
      const makeIt = (record: DecodedRecord): ConsumerRecord<Data> => make(topic, partition, record)
      const lastOffset = endOffsetAt(body, start) - 1
      const batch = { topic, partition, bytes: body, start, firstOffset, lastOffset }
      eachMade(batch, onUnreadable, makeIt, (record) => records.push(record))
    })
  } catch (error) {
    const place = error instanceof TailraceError ? error.place : undefined
    if (place === undefined || records.length === 0) throw error
    return { records, nextOffset: place.offset, highWatermark, replica }
  }
  return { records, nextOffset: Math.max(nextOffset, offset), highWatermark, replica }
}
