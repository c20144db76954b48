import { codecs } from '@tailrace/client'
import { type DecodedRecord, type Offset, type PartitionNumber, readRecords, recordsCountAt } from '@tailrace/schemas'
import type { ReceivedBatch } from './received-batch.ts'
import type { ConsumerRecord, RecordMaker } from './record.ts'

/** A batch of records as it was published: the fast way to read. */
export class RecordsBatch<Data> {
  readonly topic: string
  readonly partition: PartitionNumber
  /** Offset of the first record that was asked for. */
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  readonly #received: ReceivedBatch
  readonly #make: RecordMaker<Data>

  constructor(topic: string, received: ReceivedBatch, make: RecordMaker<Data>) {
    this.topic = topic
    this.partition = received.cursor.partition
    this.baseOffset = received.firstOffset
    this.lastOffset = received.lastOffset
    this.#received = received
    this.#make = make
  }

  /** Records between baseOffset and lastOffset, known without decoding. Less where compaction has removed some. */
  get count(): number {
    const { bytes, start, lastOffset, firstOffset } = this.#received
    return Math.min(recordsCountAt(bytes, start), lastOffset - firstOffset + 1)
  }

  /** The whole RecordBatch v2 as brokers keep it, possibly with records before baseOffset. */
  get bytes(): Uint8Array {
    return this.#received.bytes.subarray(this.#received.start, this.#received.end)
  }

  /**
   * Calls `onRecord` for every record, with views into the batch: nothing is copied, nothing turned into text.
   * @throws TailraceError INVALID_BATCH, UNSUPPORTED_COMPRESSION
   */
  forEach(onRecord: (record: DecodedRecord) => void): void {
    const { bytes, start, firstOffset } = this.#received
    readRecords(bytes, start, codecs.decompressors, (record) => {
      if (record.offset >= firstOffset) onRecord(record)
    })
  }

  /** All records, as the record interface gives them. @throws TailraceError INVALID_BATCH, UNSUPPORTED_COMPRESSION, INVALID_RECORD */
  records(): ConsumerRecord<Data>[] {
    const records: ConsumerRecord<Data>[] = []
    this.forEach((record) => {
      records.push(this.#make(this.topic, this.partition, record))
    })
    return records
  }
}
