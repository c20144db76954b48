import { leaderEpochAt, type Offset, TailraceError, type Term } from '@tailrace/schemas'
import type { Feed } from '../../feed/feed.ts'
import type { ReceivedBatch } from '../../feed/received-batch.ts'
import type { ConsumerRecord } from '../../record.ts'
import type { RecordsBatch } from '../../records-batch.ts'

export interface ReaderEvents {
  /** There is something to take. */
  ready(): void
  /** A batch has no record that can be read. */
  skipped(nextOffset: Offset, term: Term): void
  /** Nothing more can be read here. */
  failed(error: TailraceError): void
}

/** A batch of which records are handed out. Its share of the buffer is free when all of them have been handled. */
interface Piece<Data> {
  readonly received: ReceivedBatch
  readonly feed: Feed
  readonly records: readonly ConsumerRecord<Data>[]
  /** Comes behind the records. */
  readonly failure: TailraceError | undefined
  next: number
  /** Handed out and not handled. */
  open: number
}

/** What was taken, and how to say that it has been handled. */
export interface Taken<Content> {
  readonly content: Content
  readonly nextOffset: Offset
  readonly term: Term
  /** It has been handled, or never will be. */
  handled(): void
}

/** Reads one partition: by records or by batches, from one place on, and then perhaps from another one. */
export class PartitionReader<Data> {
  readonly #batchOf: (received: ReceivedBatch) => RecordsBatch<Data>
  readonly #events: ReaderEvents
  #feed: Feed | undefined
  #received: ReceivedBatch | undefined
  #piece: Piece<Data> | undefined
  #taken: (() => void) | undefined

  constructor(batchOf: (received: ReceivedBatch) => RecordsBatch<Data>, events: ReaderEvents) {
    this.#batchOf = batchOf
    this.#events = events
  }

  get hasNext(): boolean {
    return this.#received !== undefined || this.#piece !== undefined
  }

  /** The offset behind the last committed record; undefined while that is not known. */
  get highWatermark(): Offset | undefined {
    const [cursor] = this.#feed?.cursors.values() ?? []
    return cursor?.position === undefined ? undefined : cursor.highWatermark
  }

  /**
   * Reads from another place from now on. Resolves with its offset; undefined: it was left before that was known.
   * @throws TailraceError why nothing can be read from there
   */
  async open(feed: Feed): Promise<Offset | undefined> {
    this.close()
    this.#feed = feed
    try {
      await feed.whenStarted()
    } catch (error) {
      if (this.#feed === feed) throw error
    }
    if (this.#feed !== feed) return undefined
    const [cursor] = feed.cursors.values()
    return cursor?.position
  }

  /** Takes in what comes, after `open`. */
  start(): void {
    if (this.#feed !== undefined) void this.#read(this.#feed)
  }

  takeRecord(): Taken<ConsumerRecord<Data>> | undefined {
    const piece = this.#piece ?? this.#begin()
    if (piece === undefined) return undefined
    const record = piece.records[piece.next++]
    const isLast = piece.next >= piece.records.length
    if (isLast && piece.failure === undefined) this.#end(piece)
    const { received } = piece
    if (record === undefined) {
      if (piece.failure !== undefined) this.#events.failed(piece.failure)
      else this.#events.skipped(received.lastOffset + 1, termOf(received))
      return undefined
    }
    piece.open++
    const nextOffset = isLast && piece.failure === undefined ? received.lastOffset + 1 : record.offset + 1
    return { content: record, nextOffset, term: termOf(received), handled: () => this.#handled(piece) }
  }

  takeBatch(): Taken<RecordsBatch<Data>> | undefined {
    const received = this.#received
    const feed = this.#feed
    if (received === undefined || feed === undefined) return undefined
    this.#received = undefined
    const handled = (): void => {
      feed.release(received)
      this.#askForMore()
    }
    return { content: this.#batchOf(received), nextOffset: received.lastOffset + 1, term: termOf(received), handled }
  }

  close(): void {
    this.#feed?.close()
    this.#feed = undefined
    this.#received = undefined
    this.#piece = undefined
    this.#askForMore()
  }

  /** The next batch is asked for when this one has been taken. */
  async #read(feed: Feed): Promise<void> {
    try {
      for (let received = await feed.next(); received !== undefined; received = await feed.next()) {
        if (this.#feed !== feed) return
        this.#received = received
        const taken = new Promise<void>((resolve) => {
          this.#taken = resolve
        })
        this.#events.ready()
        await taken
        if (this.#feed !== feed) return
      }
    } catch (error) {
      if (this.#feed === feed) this.#events.failed(TailraceError.from(error))
    }
  }

  /** The records of a batch up to the first that cannot be read, and that failure. */
  #begin(): Piece<Data> | undefined {
    const received = this.#received
    if (received === undefined || this.#feed === undefined) return undefined
    this.#received = undefined
    const records: ConsumerRecord<Data>[] = []
    let failure: TailraceError | undefined
    try {
      this.#batchOf(received).each((record) => records.push(record))
    } catch (error) {
      failure = TailraceError.from(error)
    }
    this.#piece = { received, feed: this.#feed, records, failure, next: 0, open: 0 }
    return this.#piece
  }

  /** All its records have been handed out. */
  #end(piece: Piece<Data>): void {
    this.#piece = undefined
    if (piece.records.length === 0) piece.feed.release(piece.received)
    this.#askForMore()
  }

  #handled(piece: Piece<Data>): void {
    piece.open--
    if (piece.open === 0 && piece.next >= piece.records.length) piece.feed.release(piece.received)
  }

  #askForMore(): void {
    const taken = this.#taken
    this.#taken = undefined
    taken?.()
  }
}

function termOf({ bytes, start }: ReceivedBatch): Term {
  return leaderEpochAt(bytes, start)
}
