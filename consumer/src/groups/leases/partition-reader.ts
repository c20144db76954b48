import { leaderEpochAt, type Offset, type Term } from '@tailrace/schemas'
import type { Feed } from '../../feed/feed.ts'
import type { ReceivedBatch } from '../../feed/received-batch.ts'
import type { ConsumerRecord } from '../../record.ts'
import type { RecordsBatch } from '../../records-batch.ts'
import { OpenedBatch } from '../../run/opened-batch.ts'

export interface ReaderEvents {
  /** There is something to take. */
  ready(): void
  /** A batch has no record that can be read. */
  skipped(nextOffset: Offset, term: Term): void
  /** Nothing more can be read here: an error of Tailrace, or what a function of the program has thrown. */
  failed(error: unknown): void
}

/** What was taken, until more is taken, and how to say that it has been handled. */
export interface Taken<Content> {
  readonly content: Content
  /** Behind it. */
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
  #opened: OpenedBatch<Data> | undefined
  #taken: (() => void) | undefined

  constructor(batchOf: (received: ReceivedBatch) => RecordsBatch<Data>, events: ReaderEvents) {
    this.#batchOf = batchOf
    this.#events = events
  }

  get hasNext(): boolean {
    return this.#received !== undefined || this.#opened !== undefined
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
    const opened = this.#opened ?? this.#open()
    if (opened === undefined) return undefined
    const isThere = opened.take()
    if (opened.isTaken) this.#end()
    if (isThere) return opened
    if (opened.failure !== undefined) this.#events.failed(opened.failure)
    else this.#events.skipped(opened.received.lastOffset + 1, opened.term)
    return undefined
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
    const term = leaderEpochAt(received.bytes, received.start)
    return { content: this.#batchOf(received), nextOffset: received.lastOffset + 1, term, handled }
  }

  close(): void {
    this.#feed?.close()
    this.#feed = undefined
    this.#received = undefined
    this.#opened = undefined
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
      if (this.#feed === feed) this.#events.failed(error)
    }
  }

  #open(): OpenedBatch<Data> | undefined {
    const received = this.#received
    const feed = this.#feed
    if (received === undefined || feed === undefined) return undefined
    this.#received = undefined
    this.#opened = new OpenedBatch(received, this.#batchOf, () => feed.release(received))
    return this.#opened
  }

  /** All its records have been handed out. */
  #end(): void {
    this.#opened = undefined
    this.#askForMore()
  }

  #askForMore(): void {
    const taken = this.#taken
    this.#taken = undefined
    taken?.()
  }
}
