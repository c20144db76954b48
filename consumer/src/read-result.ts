import { codecs } from '@tailrace/client'
import { type BrokerId, forEachBatch, type Offset, readRecords } from '@tailrace/schemas'
import type { ReadAnswer } from './point-read.ts'
import type { ReadPlace } from './read-options.ts'
import type { ConsumerRecord, RecordMaker } from './record.ts'

/** What was found at a place. */
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

/** @throws TailraceError INVALID_BATCH, UNSUPPORTED_COMPRESSION, INVALID_RECORD */
export function readResult<Data>(
  topic: string,
  { partition, offset }: ReadPlace,
  { body, nextOffset, highWatermark, replica }: ReadAnswer,
  make: RecordMaker<Data>,
): ReadResult<Data> {
  const records: ConsumerRecord<Data>[] = []
  forEachBatch(body, (start) => {
    readRecords(body, start, codecs.decompressors, (record) => {
      if (record.offset >= offset) records.push(make(topic, partition, record))
    })
  })
  return { records, nextOffset: Math.max(nextOffset, offset), highWatermark, replica }
}
