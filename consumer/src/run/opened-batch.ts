import { leaderEpochAt, type Offset, TailraceError, type Term } from '@tailrace/schemas'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import type { ConsumerRecord } from '../record.ts'
import type { RecordsBatch } from '../records-batch.ts'

/**
 * A batch whose records are handed out, up to the first that cannot be read. Its share of the buffer is free when all
 * of them have been handled.
 */
export class OpenedBatch<Data> {
  readonly received: ReceivedBatch
  readonly term: Term
  /** Comes behind the records. */
  readonly failure: TailraceError | undefined
  readonly #records: ConsumerRecord<Data>[] = []
  readonly #release: (received: ReceivedBatch) => void
  #next = 0
  #unhandled = 0

  constructor(
    received: ReceivedBatch,
    batchOf: (received: ReceivedBatch) => RecordsBatch<Data>,
    release: (received: ReceivedBatch) => void,
  ) {
    this.received = received
    this.term = leaderEpochAt(received.bytes, received.start)
    this.#release = release
    try {
      batchOf(received).each((record) => this.#records.push(record))
    } catch (error) {
      this.failure = TailraceError.from(error)
    }
    if (this.isTaken) release(received)
  }

  /** Nothing is left of it, nor a failure behind the records. */
  get isTaken(): boolean {
    return this.#next >= this.#records.length && this.failure === undefined
  }

  /** The record that was taken last. */
  get content(): ConsumerRecord<Data> {
    return this.#records[this.#next - 1]!
  }

  /** The offset behind what that record stands for: the last one of the batch stands for what was left out, too. */
  get nextOffset(): Offset {
    return this.isTaken ? this.received.lastOffset + 1 : this.content.offset + 1
  }

  /** Takes the next record. False: none is left. */
  take(): boolean {
    if (this.#next >= this.#records.length) return false
    this.#next++
    this.#unhandled++
    return true
  }

  /** One of its records has been handled, or never will be. */
  handled(): void {
    this.#unhandled--
    if (this.#unhandled === 0 && this.#next >= this.#records.length) this.#release(this.received)
  }
}
