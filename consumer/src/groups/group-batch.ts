import type { DecodedRecord, Offset, PartitionNumber } from '@tailrace/schemas'
import type { ConsumerRecord } from '../record.ts'
import type { RecordsBatch } from '../records-batch.ts'
import type { CommitOptions } from './group-record.ts'

/** A batch of records that a member of a consumer group handles: the fast way to read. */
export class GroupBatch<Data = string> {
  readonly topic: string
  readonly partition: PartitionNumber
  /** Offset of its first record. */
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  /** The fencing token of the partition's lease: see GroupRecord. */
  readonly token: number
  readonly #batch: RecordsBatch<Data>
  readonly #commit: (options: CommitOptions) => Promise<void>

  constructor(batch: RecordsBatch<Data>, token: number, commit: (options: CommitOptions) => Promise<void>) {
    this.topic = batch.topic
    this.partition = batch.partition
    this.baseOffset = batch.baseOffset
    this.lastOffset = batch.lastOffset
    this.token = token
    this.#batch = batch
    this.#commit = commit
  }

  /** Records between baseOffset and lastOffset, known without decoding. */
  get count(): number {
    return this.#batch.count
  }

  /**
   * Calls `onRecord` for every record, with views into the batch.
   * @throws TailraceError as RecordsBatch.forEach
   */
  forEach(onRecord: (record: DecodedRecord) => void): void {
    this.#batch.forEach(onRecord)
  }

  /** All records. @throws TailraceError as RecordsBatch.records */
  records(): ConsumerRecord<Data>[] {
    return this.#batch.records()
  }

  /**
   * Everything of its partition up to the end of this batch is done, and is committed when this resolves.
   * @throws TailraceError as GroupRecord.commit
   */
  commit(options: CommitOptions = {}): Promise<void> {
    return this.#commit(options)
  }
}
