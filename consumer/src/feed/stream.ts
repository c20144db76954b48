import type { Connection, PushFrame, SubscriptionListener } from '@tailrace/client'
import { type BrokerId, errorTold, type Offset, type PartitionNumber, type TailraceError } from '@tailrace/schemas'
import type { Cursor, RecordSource } from './cursor.ts'
import type { ReceiveBudget } from './receive-budget.ts'

export interface StreamSettings {
  readonly budget: ReceiveBudget
  /** From the broker's own replicas. */
  readonly replica: boolean
  /** See RecordSource. */
  readonly copy: BrokerId | null
}

export interface StreamEvents {
  /** Batches of one partition, back to back. */
  records(stream: Stream, cursor: Cursor, body: Uint8Array, nextOffset: number): void
  /**
   * The stream does not serve these partitions any more. `logStart`: where a partition begins whose offset does not
   * exist, if the broker says so.
   */
  ended(stream: Stream, cursors: readonly Cursor[], error: TailraceError, logStart?: Offset): void
  /** A partition's start is known. */
  started(): void
  /** Too much has come of partitions that were left out: it should be opened anew without them. */
  overfed(stream: Stream): void
}

/**
 * The records of some partitions from one broker. The broker may send as many bytes as it has been given credit for. It
 * gets new credit as records are read, so that a slow reader slows the broker down and fills no memory.
 */
export class Stream implements SubscriptionListener, RecordSource {
  readonly copy: BrokerId | null
  readonly #connection: Connection
  readonly #events: StreamEvents
  readonly #cursors = new Map<PartitionNumber, Cursor>()
  readonly #id: number
  readonly #budget: ReceiveBudget
  /** Bytes that the broker may send, or has sent and that are not read yet. */
  #granted: number
  /** Bytes that have come of partitions that were left out. */
  #unwanted = 0
  #isOver = false

  constructor(
    connection: Connection,
    topic: { readonly name: string; readonly id: string },
    cursors: readonly Cursor[],
    settings: StreamSettings,
    events: StreamEvents,
  ) {
    this.#connection = connection
    this.#events = events
    this.#budget = settings.budget
    this.copy = settings.copy
    for (const cursor of cursors) {
      this.#cursors.set(cursor.partition, cursor)
      cursor.stream = this
    }
    this.#granted = this.#buffered
    const position = { kind: 'EARLIEST', value: 0 } as const // Not used: every partition brings its own.
    const partitions = cursors.map((cursor) => ({ partition: cursor.partition, position: cursor.wanted }))
    const { replica } = settings
    const credit = this.#grant()
    this.#id = connection.subscribe(
      { topic: topic.name, position, partitions, credit, replica, topicId: topic.id },
      this,
    )
  }

  get hasTooMuchCredit(): boolean {
    return this.#granted - this.#buffered > this.#budget.limitOf(this.#cursors.size)
  }

  get #buffered(): number {
    let bytes = 0
    for (const { bufferedBytes } of this.#cursors.values()) bytes += bufferedBytes
    return bytes
  }

  frame(frame: PushFrame): void {
    if (frame.name === 'Records') {
      const cursor = this.#cursors.get(frame.fields.partition)
      if (cursor === undefined) {
        this.#drop(frame.body.length)
        return
      }
      cursor.raise(frame.fields.highWatermark)
      this.#events.records(this, cursor, frame.body, frame.fields.nextOffset)
    } else if (frame.name === 'Subscribed') {
      for (const { partition, offset, highWatermark } of frame.fields.partitions) {
        this.#cursors.get(partition)?.started(offset, highWatermark)
      }
      this.#events.started()
    } else {
      const error = errorTold(frame.fields.error)
      const cursor = this.#cursors.get(frame.fields.partition)
      if (frame.fields.partition === -1) this.lost(error)
      else if (cursor !== undefined) this.#release([cursor], error, frame.fields.logStart)
    }
  }

  lost(error: TailraceError): void {
    this.#isOver = true
    this.#release([...this.#cursors.values()], error)
  }

  /** Gives up one partition here; it will be asked for again. */
  abandon(cursor: Cursor, error: TailraceError): void {
    // A subscription ends as a whole: the broker cannot be told to leave out one of its partitions.
    if (this.#cursors.has(cursor.partition)) this.#end(error)
  }

  /**
   * Nothing more is read of this partition here. The broker cannot be told: what it still sends of it is dropped, and
   * when that is too much the stream is opened anew.
   */
  leaveOut(cursor: Cursor): void {
    if (this.#cursors.get(cursor.partition) !== cursor) return
    this.#cursors.delete(cursor.partition)
    cursor.stream = undefined
    this.#granted -= cursor.bufferedBytes
    if (this.#cursors.size === 0) this.close()
  }

  /** A reader has read so many bytes. */
  consumed(bytes: number): void {
    this.#granted -= bytes
    if (this.#isOver) return
    const credit = this.#grant()
    if (credit > 0) this.#connection.credit(this.#id, credit)
  }

  close(): void {
    this.#isOver = true
    this.#connection.unsubscribe(this.#id)
    this.#giveBack()
    for (const cursor of this.#cursors.values()) cursor.stream = undefined
    this.#cursors.clear()
  }

  #drop(bytes: number): void {
    if (this.#isOver) return
    this.#budget.free(bytes)
    this.#unwanted += bytes
    this.consumed(bytes)
    if (this.#unwanted > this.#budget.limitOf(this.#cursors.size)) this.#events.overfed(this)
  }

  #grant(): number {
    const credit = this.#budget.creditFor(this.#cursors.size, this.#granted)
    this.#granted += credit
    this.#budget.use(credit)
    return credit
  }

  /** Credit for which nothing will come any more. */
  #giveBack(): void {
    this.#budget.free(this.#granted - this.#buffered)
    this.#granted = this.#buffered
  }

  #end(error: TailraceError): void {
    const cursors = [...this.#cursors.values()]
    this.close()
    this.#events.ended(this, cursors, error)
  }

  #release(cursors: readonly Cursor[], error: TailraceError, logStart?: Offset): void {
    for (const cursor of cursors) {
      this.#cursors.delete(cursor.partition)
      cursor.stream = undefined
      // Its buffered bytes count against the stream that it will have next.
      this.#granted -= cursor.bufferedBytes
    }
    if (this.#cursors.size === 0) this.#giveBack()
    if (this.#cursors.size === 0 && !this.#isOver) this.close()
    if (cursors.length > 0) this.#events.ended(this, cursors, error, logStart)
  }
}
