import type { TailraceError } from '@tailrace/schemas'
import type { BatchSource } from './feed/batch-source.ts'
import type { ReceivedBatch } from './feed/received-batch.ts'
import type { Supply } from './ready-iterator.ts'
import type { ConsumerRecord } from './record.ts'
import type { RecordsBatch } from './records-batch.ts'

/** The records of a source. Those of a batch that has come are there without waiting. */
export class RecordSupply<Data> implements Supply<ConsumerRecord<Data>> {
  readonly #source: BatchSource
  readonly #batchOf: (received: ReceivedBatch) => RecordsBatch<Data>
  /** The batch whose records are given. */
  #received: ReceivedBatch | undefined
  #records: readonly ConsumerRecord<Data>[] = []
  #next = 0
  /** Comes behind the records. */
  #failure: TailraceError | undefined
  #isOver = false

  constructor(source: BatchSource, batchOf: (received: ReceivedBatch) => RecordsBatch<Data>) {
    this.#source = source
    this.#batchOf = batchOf
  }

  take(): ConsumerRecord<Data> | undefined {
    const received = this.#received
    if (received === undefined) return undefined
    if (received.cursor.isLeft) {
      this.#failure = undefined
      this.#close(received)
      return undefined
    }
    const record = this.#records[this.#next++]
    if (record !== undefined) {
      received.cursor.position = record.offset + 1
      return record
    }
    if (this.#failure !== undefined) return undefined
    received.cursor.position = received.lastOffset + 1
    this.#close(received)
    return undefined
  }

  async more(): Promise<boolean> {
    if (this.#failure !== undefined) this.#fail(this.#failure)
    const received = await this.#source.next()
    if (received === undefined || this.#isOver) return false
    this.#open(received)
    return true
  }

  /** The source is closed. */
  end(): void {
    this.#isOver = true
    this.#received = undefined
    this.#records = []
    this.#failure = undefined
    this.#source.close()
  }

  /** All its records that are wanted have been given. */
  #close(received: ReceivedBatch): void {
    this.#received = undefined
    this.#records = []
    this.#source.release(received)
  }

  /** The records of a batch up to the first that fails, and that failure. */
  #open(received: ReceivedBatch): void {
    const records: ConsumerRecord<Data>[] = []
    this.#received = received
    this.#records = records
    this.#next = 0
    try {
      this.#batchOf(received).each((record) => records.push(record))
    } catch (error) {
      this.#failure = error as TailraceError
    }
  }

  #fail(failure: TailraceError): never {
    const { cursor } = this.#received!
    this.#failure = undefined
    cursor.position = failure.place?.offset ?? cursor.position
    throw failure
  }
}
