import type { Offset } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import type { ConsumerRecord } from '../record.ts'
import type { RecordsBatch } from '../records-batch.ts'

/** A record of a batch, and the offset behind what it stands for: the last one stands for what was left out, too. */
export interface NextRecord<Data> {
  readonly record: ConsumerRecord<Data>
  readonly nextOffset: Offset
}

/**
 * A batch whose records are handed out, up to the first that cannot be read. Its share of the buffer is free when all
 * of them have been handled.
 */
export class OpenedBatch<Data> {
  readonly received: ReceivedBatch
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

  /** Undefined: none is left. */
  take(): NextRecord<Data> | undefined {
    const record = this.#records[this.#next]
    if (record === undefined) return undefined
    this.#next++
    this.#unhandled++
    return { record, nextOffset: this.isTaken ? this.received.lastOffset + 1 : record.offset + 1 }
  }

  /** One of its records has been handled, or never will be. */
  handled(): void {
    this.#unhandled--
    if (this.#unhandled === 0 && this.#next >= this.#records.length) this.#release(this.received)
  }
}
