import { type DecodedRecord, type Offset, type PartitionNumber, recordsCountAt, TailraceError } from '@tailrace/schemas'
import type { ReceivedBatch } from './feed/received-batch.ts'
import { type BatchToRead, eachMade, eachReadable, type OnUnreadable } from './readable-records.ts'
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
  readonly #onUnreadable: OnUnreadable

  constructor(topic: string, received: ReceivedBatch, make: RecordMaker<Data>, onUnreadable: OnUnreadable = 'fail') {
    this.topic = topic
    this.partition = received.cursor.partition
    this.baseOffset = received.firstOffset
    this.lastOffset = received.lastOffset
    this.#received = received
    this.#make = make
    this.#onUnreadable = onUnreadable
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
   * @throws TailraceError INVALID_BATCH, UNSUPPORTED_COMPRESSION; `place` says which records were not given, and the
   * subscription's position is there
   */
  forEach(onRecord: (record: DecodedRecord) => void): void {
    this.#orBack(
      (error) => error.place!.offset,
      () => eachReadable(this.#place, this.#onUnreadable, onRecord),
    )
  }

  /**
   * All records, as the record interface gives them.
   * @throws TailraceError INVALID_BATCH, UNSUPPORTED_COMPRESSION, INVALID_RECORD; none was given then, and the
   * subscription's position is before them
   */
  records(): ConsumerRecord<Data>[] {
    const records: ConsumerRecord<Data>[] = []
    this.#orBack(
      () => this.baseOffset,
      () => this.each((record) => records.push(record)),
    )
    return records
  }

  /**
   * Calls `onRecord` for every record, as the record interface gives them.
   * @throws TailraceError as {@link records}, behind the records before it
   */
  each(onRecord: (record: ConsumerRecord<Data>) => void): void {
    const make = (record: DecodedRecord): ConsumerRecord<Data> => this.#make(this.topic, this.partition, record)
    eachMade(this.#place, this.#onUnreadable, make, onRecord)
  }

  get #place(): BatchToRead {
    const { topic, partition } = this
    return { topic, partition, ...this.#received }
  }

  /** A record that cannot be read has not been handed out, nor have those behind it. */
  #orBack(position: (error: TailraceError) => Offset, read: () => void): void {
    try {
      read()
    } catch (error) {
      const { cursor } = this.#received
      if (error instanceof TailraceError && error.place !== undefined) cursor.position = position(error)
      throw error
    }
  }
}
