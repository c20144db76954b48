import { type ClientSurroundings, delay } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { BatchSource } from '../feed/batch-source.ts'
import type { Cursor } from '../feed/cursor.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import { type OnUnreadable, passUnreadable } from '../readable-records.ts'
import type { ConsumerRecord } from '../record.ts'
import type { RecordsBatch } from '../records-batch.ts'
import { Intake } from '../run/intake.ts'
import type { Task, TaskSource } from '../run/task.ts'
import { ReadPartition, type TakenStep } from './read-partition.ts'

/** A record that `run` of a consumer hands to its handler. */
export type RunRecord<Data = string> = ConsumerRecord<Data> & {
  /** 1 at first, 2 when the handler has failed once, and so on. */
  readonly attempt: number
}

export interface ReaderTasksParts<Held, Read> {
  readonly source: BatchSource
  readonly batchOf: (received: ReceivedBatch) => RecordsBatch<Held>
  /** What the handler gets. @throws TailraceError with `place`: it cannot be read */
  readonly read: (record: ConsumerRecord<Held>) => ConsumerRecord<Read>
  readonly onUnreadable: OnUnreadable
  /** How long what is handled may take when the run is closed, in milliseconds. */
  readonly finishMs: number
  readonly surroundings: ClientSurroundings
}

/**
 * The records of a reader, to be handled. Batches wait by partition, so that one that is handled slowly holds up no
 * other; all of them together are bounded by what brokers may send ahead.
 */
export class ReaderTasks<Held, Read> implements TaskSource<ReadPartition<Held>, RunRecord<Read>> {
  readonly intake: Intake<ReadPartition<Held>>
  readonly #parts: ReaderTasksParts<Held, Read>
  readonly #partitions = new WeakMap<Cursor, ReadPartition<Held>>()
  /** Batches of which not all records have been handled. */
  #batches = 0
  /** Records that were taken and are not finished. */
  #taken = 0
  /** Records that are handled at the moment. */
  #running = 0
  /** Nothing more comes from the source. */
  #isRead = false
  /** Nothing more is taken, since what comes next cannot be read. */
  #isStuck = false
  /** What it ends with, when all records before are finished. */
  #failure: { readonly error: unknown } | undefined
  #whenIdle: (() => void) | undefined
  #closing: Promise<void> | undefined

  constructor(parts: ReaderTasksParts<Held, Read>) {
    this.#parts = parts
    const { surroundings } = parts
    this.intake = new Intake({ now: surroundings.monotonic, mayHandOut: () => true, surroundings })
  }

  /** Begins to receive. */
  begin(): void {
    void this.#receive()
  }

  take(partition: ReadPartition<Held>, now: number): Task<RunRecord<Read>> | undefined {
    if (this.#isStuck || !this.intake.mayGoOn(partition, now)) return undefined
    try {
      const taken = partition.take()
      const record = taken && this.#readable(taken)
      if (taken !== undefined && record !== undefined) {
        this.#taken++
        return new ReaderTask(this, partition, taken, record)
      }
      if (taken !== undefined) partition.finish(taken, true)
    } catch (error) {
      this.#isStuck = true
      this.#failure = { error }
    }
    this.#look()
    return undefined
  }

  offerAgain(partition: ReadPartition<Held>): void {
    if (partition.hasNext && !this.#isStuck) this.intake.offer(partition)
  }

  began(): void {
    this.#running++
  }

  rests(): void {
    this.#running--
    if (this.#running === 0) this.#whenIdle?.()
  }

  finish(partition: ReadPartition<Held>, taken: TakenStep<Held>, isDone: boolean): void {
    this.#taken--
    partition.finish(taken, isDone)
    this.#look()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { source, finishMs, surroundings } = this.#parts
    this.intake.close()
    source.close()
    if (this.#running === 0) return
    const over = new AbortController()
    const late = delay(finishMs, over.signal, surroundings).catch(() => {})
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve
    })
    await Promise.race([idle, late])
    over.abort()
  }

  async #receive(): Promise<void> {
    const { source } = this.#parts
    try {
      for (let received = await source.next(); received !== undefined; received = await source.next())
        this.#add(received)
    } catch (error) {
      // The program does not want the records before it either.
      if (TailraceError.from(error).code === 'ABORTED') this.intake.fail(error)
      this.#failure ??= { error }
    }
    this.#isRead = true
    this.#look()
  }

  #add(received: ReceivedBatch): void {
    const { cursor } = received
    const { source, batchOf } = this.#parts
    if (cursor.isLeft) {
      source.release(received)
      return
    }
    this.#batches++
    let partition = this.#partitions.get(cursor)
    if (partition === undefined) {
      const release = (batch: ReceivedBatch): void => {
        this.#batches--
        source.release(batch)
      }
      partition = new ReadPartition(received, { batchOf, release })
      this.#partitions.set(cursor, partition)
    }
    partition.add(received)
    this.offerAgain(partition)
  }

  /** Undefined: it is left out. @throws TailraceError it cannot be read, and that is to fail */
  #readable(taken: TakenStep<Held>): ConsumerRecord<Read> | undefined {
    const { read, onUnreadable } = this.#parts
    const { topic, partition, offset } = taken.record
    try {
      return read(taken.record)
    } catch (error) {
      passUnreadable(error, { topic, partition, offset, nextOffset: offset + 1 }, onUnreadable)
      return undefined
    }
  }

  /** Whether it has come to its end. */
  #look(): void {
    const isOver = this.#isStuck ? this.#taken === 0 : this.#isRead && this.#batches === 0
    if (!isOver) return
    if (this.#failure === undefined) this.intake.close()
    else this.intake.fail(this.#failure.error)
  }
}

class ReaderTask<Held, Read> implements Task<RunRecord<Read>> {
  readonly record: ConsumerRecord<Held>
  readonly partition: ReadPartition<Held>
  readonly attemptsBefore = 0
  readonly isPutOff = false
  attempts = 0
  readonly #tasks: ReaderTasks<Held, Read>
  readonly #taken: TakenStep<Held>
  readonly #read: ConsumerRecord<Read>
  #isRunning = false

  constructor(
    tasks: ReaderTasks<Held, Read>,
    partition: ReadPartition<Held>,
    taken: TakenStep<Held>,
    read: ConsumerRecord<Read>,
  ) {
    this.record = taken.record
    this.partition = partition
    this.#tasks = tasks
    this.#taken = taken
    this.#read = read
  }

  get isWanted(): boolean {
    return !this.#tasks.intake.isOver
  }

  begin(): void {
    this.#isRunning = true
    this.#tasks.began()
  }

  given(): RunRecord<Read> {
    return { ...this.#read, attempt: this.attempts }
  }

  rest(): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#tasks.rests()
  }

  finish(isDone: boolean): void {
    this.#tasks.finish(this.partition, this.#taken, isDone)
    this.rest()
  }
}
