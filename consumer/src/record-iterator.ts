import type { TailraceError } from '@tailrace/schemas'
import type { BatchSource } from './feed/batch-source.ts'
import type { ReceivedBatch } from './feed/received-batch.ts'
import type { ConsumerRecord } from './record.ts'
import type { RecordsBatch } from './records-batch.ts'
import { WaitingCalls } from './waiting-calls.ts'

type Result<Data> = IteratorResult<ConsumerRecord<Data>, undefined>

/**
 * The records of a source one by one. Records of a batch that is there are given without waiting: an async generator
 * would make three promises for each.
 */
export class RecordIterator<Data> implements AsyncGenerator<ConsumerRecord<Data>, undefined> {
  readonly #source: BatchSource
  readonly #batchOf: (received: ReceivedBatch) => RecordsBatch<Data>
  /** The batch whose records are given. */
  #received: ReceivedBatch | undefined
  #records: readonly ConsumerRecord<Data>[] = []
  #next = 0
  /** Comes behind the records. */
  #failure: TailraceError | undefined
  #isOver = false
  readonly #waiting = new WaitingCalls()

  constructor(source: BatchSource, batchOf: (received: ReceivedBatch) => RecordsBatch<Data>) {
    this.#source = source
    this.#batchOf = batchOf
  }

  next(): Promise<Result<Data>> {
    if (this.#waiting.isEmpty) {
      const value = this.#take()
      if (value !== undefined) return Promise.resolve({ value, done: false })
    }
    return this.#waiting.add(() => this.#wait())
  }

  /** The loop is left: the source is closed. */
  async return(): Promise<Result<Data>> {
    this.#end()
    return { value: undefined, done: true }
  }

  async throw(error?: unknown): Promise<Result<Data>> {
    this.#end()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
  }

  async #wait(): Promise<Result<Data>> {
    try {
      for (;;) {
        const value = this.#take()
        if (value !== undefined) return { value, done: false }
        if (this.#failure !== undefined) this.#fail(this.#failure)
        const received = this.#isOver ? undefined : await this.#source.next()
        if (received === undefined || this.#isOver) {
          this.#end()
          return { value: undefined, done: true }
        }
        this.#open(received)
      }
    } catch (error) {
      this.#end()
      throw error
    }
  }

  #take(): ConsumerRecord<Data> | undefined {
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

  #end(): void {
    this.#isOver = true
    this.#received = undefined
    this.#records = []
    this.#failure = undefined
    this.#source.close()
  }
}
