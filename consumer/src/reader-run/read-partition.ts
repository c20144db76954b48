import { Fifo } from '@tailrace/client'
import type { Cursor } from '../feed/cursor.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import type { ConsumerRecord } from '../record.ts'
import type { RecordsBatch } from '../records-batch.ts'
import { OpenedBatch } from '../run/opened-batch.ts'
import { Progress, type Step } from '../run/progress.ts'
import type { TaskPartition } from '../run/task.ts'

export interface ReadPartitionParts<Data> {
  readonly batchOf: (received: ReceivedBatch) => RecordsBatch<Data>
  /** All records of a batch have been handled. */
  readonly release: (received: ReceivedBatch) => void
}

/** A record that was taken, and is done with `finish` of its partition. */
export interface TakenStep<Data> {
  readonly record: ConsumerRecord<Data>
  readonly step: Step
  readonly batch: OpenedBatch<Data>
}

/**
 * A partition of a run without a group: what was received of it and not handled. The position of its cursor is where
 * everything before has been handled.
 */
export class ReadPartition<Data> implements TaskPartition {
  readonly key: string
  isOffered = false
  readonly isOpen = true
  taken = 0
  readonly #cursor: Cursor
  readonly #parts: ReadPartitionParts<Data>
  readonly #waiting = new Fifo<ReceivedBatch>()
  readonly #progress: Progress
  #opened: OpenedBatch<Data> | undefined

  constructor(first: ReceivedBatch, parts: ReadPartitionParts<Data>) {
    const { cursor, firstOffset } = first
    this.key = `${cursor.owner!.topic}/${cursor.partition}`
    this.#cursor = cursor
    this.#parts = parts
    this.#progress = new Progress(firstOffset, 0)
  }

  get hasNext(): boolean {
    return this.#opened !== undefined || this.#waiting.length > 0
  }

  add(received: ReceivedBatch): void {
    this.#waiting.push(received)
  }

  /** Undefined: there is none, or a batch had none. @throws TailraceError why the next one cannot be read */
  take(): TakenStep<Data> | undefined {
    const opened = this.#opened ?? this.#open()
    if (opened === undefined) return undefined
    const isThere = opened.take()
    if (opened.isTaken) this.#opened = undefined
    if (!isThere) {
      if (opened.failure !== undefined) throw opened.failure
      this.#done(this.#progress.begin(opened.received.lastOffset + 1, 0))
      return undefined
    }
    this.taken++
    return { record: opened.content, step: this.#progress.begin(opened.nextOffset, 0), batch: opened }
  }

  /** `isDone` false: it was given up, and the position stays before it. */
  finish({ step, batch }: TakenStep<Data>, isDone: boolean): void {
    this.taken--
    if (isDone) this.#done(step)
    batch.handled()
  }

  #done(step: Step): void {
    this.#progress.finish(step)
    this.#cursor.position = this.#progress.position
  }

  #open(): OpenedBatch<Data> | undefined {
    const received = this.#waiting.shift()
    if (received === undefined) return undefined
    this.#opened = new OpenedBatch(received, this.#parts.batchOf, this.#parts.release)
    return this.#opened
  }
}
