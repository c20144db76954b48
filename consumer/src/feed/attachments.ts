import { type Client, delay, retryBackoff } from '@tailrace/client'
import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { FeedSettings } from '../options.ts'
import type { Cursor, RecordSource } from './cursor.ts'
import { type FeedRoute, FeedRoutes } from './feed-routes.ts'
import type { LevelsOf } from './other-routes.ts'
import { Stream, type StreamEvents } from './stream.ts'

/** When there are so many more streams than brokers, they are opened anew, one for each broker. */
const MORE_STREAMS = 32

/** The feed whose partitions are attached. */
export interface AttachedFeed extends StreamEvents {
  readonly topic: string
  /** Empty until it is known. */
  readonly topicId: string
  readonly isOver: boolean
  readonly cursors: ReadonlyMap<unknown, Cursor>
  fail(error: TailraceError): void
}

export interface AttachmentsParts {
  readonly client: Client
  readonly settings: FeedSettings
  /** Undefined: cascade brokers are not looked for. */
  readonly levelsOf: LevelsOf | undefined
  /** Fires when the feed ends. */
  readonly ended: AbortSignal
}

/** Keeps every partition of a feed attached to a broker that serves it, for as long as finding one takes. */
export class Attachments {
  readonly #feed: AttachedFeed
  readonly #parts: AttachmentsParts
  readonly #routes: FeedRoutes
  readonly #backoff: ReturnType<typeof retryBackoff>
  /** Partitions that no stream serves at the moment. */
  readonly #detached = new Set<Cursor>()
  #isAttaching = false

  constructor(feed: AttachedFeed, parts: AttachmentsParts) {
    const { client, settings, levelsOf, ended } = parts
    const { readFrom } = settings
    this.#feed = feed
    this.#parts = parts
    this.#routes = new FeedRoutes({ client, topic: feed.topic, readFrom, levelsOf, ended })
    this.#backoff = retryBackoff(client.surroundings)
  }

  /** Before the first {@link attach}. @throws TailraceError CODE_NOT_LOADED */
  open(): Promise<void> {
    return this.#routes.open((copy) => this.leave((stream) => stream.copy !== copy))
  }

  /** No other broker is looked for any more. */
  close(): void {
    this.#routes.close()
  }

  /** This cascade broker is lost, or has refused what others may have. */
  avoid(copy: BrokerId): void {
    this.#routes.avoid(copy)
  }

  /** They are found a broker by the next {@link attach}. */
  add(cursors: readonly Cursor[]): void {
    for (const cursor of cursors) this.#detached.add(cursor)
  }

  /** It is read no more. */
  remove(cursor: Cursor): void {
    this.#detached.delete(cursor)
  }

  /** A stream does not serve these any more, because of this error. */
  lost(cursors: readonly Cursor[], error: TailraceError): void {
    this.#routes.lastError = error
    this.add(cursors)
  }

  /** Records have come: the next attempt need not wait. */
  succeeded(): void {
    this.#routes.lastError = undefined
    this.#backoff.reset()
  }

  /** The partitions are another topic's from now on. */
  clear(): void {
    this.#detached.clear()
    this.#routes.lastError = undefined
  }

  /** Finds a broker for every detached partition, as long as it takes. One at a time. */
  async attach(): Promise<void> {
    if (this.#isAttaching || this.#detached.size === 0) return
    this.#isAttaching = true
    const { client, ended } = this.#parts
    const { topic } = this.#feed
    try {
      while (this.#detached.size > 0 && !this.#feed.isOver) {
        const { lastError } = this.#routes
        if (lastError !== undefined) {
          const ms = Math.max(this.#backoff.next(), lastError.retryAfterMs ?? 0)
          await delay(ms, ended, client.surroundings)
          await client.refresh([topic]).catch(() => {})
        }
        for (const route of await this.#routes.find(this.#detached)) this.#subscribe(route)
        const most = MORE_STREAMS + client.metadata.addresses().length
        if (this.#streams().size > most) this.leave(() => true)
      }
    } catch (error) {
      this.#feed.fail(TailraceError.from(error))
    } finally {
      this.#isAttaching = false
    }
  }

  /** Partitions go on at another broker, or in another stream, each at the first offset that has not been received. */
  leave(isLeft: (stream: RecordSource) => boolean): void {
    for (const cursor of this.#feed.cursors.values()) {
      if (cursor.stream !== undefined && isLeft(cursor.stream)) this.#detached.add(cursor)
    }
    for (const cursor of this.#detached) cursor.stream?.close()
    void this.attach()
  }

  closeStreams(): void {
    for (const stream of this.#streams()) stream?.close()
  }

  #subscribe({ connection, copy, cursors: found }: FeedRoute): void {
    const { settings } = this.#parts
    const feed = this.#feed
    // There may be a better place by now: they stay detached, and are routed again.
    if (feed.isOver || !this.#routes.isRight(copy)) return
    const cursors = found.filter((cursor) => this.#detached.delete(cursor)) // Others were replaced meanwhile.
    if (cursors.length === 0) return
    const { budget, readFrom } = settings
    const replica = copy === null && readFrom === 'nearest'
    new Stream(connection, { name: feed.topic, id: feed.topicId }, cursors, { budget, replica, copy }, feed)
  }

  #streams(): ReadonlySet<RecordSource | undefined> {
    return new Set([...this.#feed.cursors.values()].map(({ stream }) => stream))
  }
}
