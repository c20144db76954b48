import { type Client, type TopicRoute, withResolvers } from '@tailrace/client'
import { type Offset, type PartitionNumber, type Position, TailraceError } from '@tailrace/schemas'
import { placeParts } from '#place-parts'
import type { FeedSettings } from '../options.ts'
import { Positions } from '../positions.ts'
import { EndlessRange, type GivenRange, type Range } from '../range/range.ts'
import { startAtEnd } from '../range/start.ts'
import type { Place } from '../seek-place.ts'
import type { Arrivals } from './arrivals.ts'
import { type AttachedFeed, Attachments } from './attachments.ts'
import type { BatchSource } from './batch-source.ts'
import { Cursor, type HeldBytes } from './cursor.ts'
import { type FeedReader, soleReader } from './feed-reader.ts'
import { Moves } from './moves.ts'
import type { LevelsOf } from './other-routes.ts'
import type { BudgetUser } from './receive-budget.ts'
import { type ReceivedBatch, receive } from './received-batch.ts'
import { mayPass } from './refusal.ts'
import type { SeekingFeed, Seeks } from './seeks.ts'
import type { Stream } from './stream.ts'
import { tellJumps } from './tell-jumps.ts'
import { findTopic, PATIENCE_MS } from './wanted-topic.ts'

/**
 * The batches of a topic's partitions in one queue, each once and in order of offsets for every partition, whichever
 * brokers they come from: reading resumes at the first offset that was not received.
 */
export class Feed implements BatchSource, AttachedFeed, BudgetUser, SeekingFeed {
  readonly cursors = new Map<PartitionNumber, Cursor>()
  readonly moves = new Moves(this)
  isOver = false
  /** Bytes received and not released. */
  bufferedBytes = 0
  /** Called once when it begins to receive. */
  onBegin: (() => void) | undefined
  /** Called once when it has ended, for any reason. */
  onEnd: (() => void) | undefined
  readonly #client: Client
  readonly topic: string
  readonly #given: GivenRange
  /** Known before it has cursors. */
  #range!: Range
  #topicId: string
  readonly #settings: FeedSettings
  readonly #arrivals: Arrivals
  readonly #reader: FeedReader
  readonly #ended = new AbortController()
  readonly #attachments: Attachments
  #stopListening: (() => void) | undefined
  /** Undefined until the first seek. */
  #seeks: Seeks | undefined
  readonly #allStarted = withResolvers<void>()
  /** Those that have a share of the buffer: all that are not paused and not done. */
  readonly #sharing = new Set<Cursor>()
  #hasBegun = false

  constructor(
    client: Client,
    topic: string,
    range: GivenRange,
    settings: FeedSettings,
    levelsOf?: LevelsOf,
    reader?: FeedReader,
  ) {
    this.#client = client
    this.topic = topic
    this.#given = range
    this.#topicId = range.topicId
    this.#settings = settings
    this.#reader = reader ?? soleReader(this)
    this.#arrivals = this.#reader.arrivals
    this.#attachments = new Attachments(this, { client, settings, levelsOf, ended: this.#ended.signal })
    this.#allStarted.promise.catch(() => {})
  }

  /** The topic that is read. Empty until it is known. */
  get topicId(): string {
    return this.#topicId
  }

  /** Resolves when every partition's first offset is known. @throws TailraceError what ended the feed before */
  whenStarted(): Promise<void> {
    this.#begin()
    return this.#allStarted.promise
  }

  /** The offsets behind the records handed out, or those given to start from. */
  get positions(): Positions {
    if (this.cursors.size === 0) return new Positions(this.#given.offsets, this.#topicId)
    const positions = new Positions([], this.#topicId)
    for (const { partition, resumeAt } of this.cursors.values()) {
      if (resumeAt !== undefined) positions.set(partition, resumeAt)
    }
    return positions
  }

  next(): Promise<ReceivedBatch | undefined> {
    this.#begin()
    return this.#arrivals.next()
  }

  release({ cursor, start, end }: HeldBytes): void {
    const bytes = end - start
    cursor.bufferedBytes -= bytes
    this.bufferedBytes -= bytes
    if (!this.isOver) this.#settings.budget.free(bytes)
    cursor.stream?.consumed(bytes)
  }

  takeBack(): void {
    this.#attachments.leave((stream) => stream.hasTooMuchCredit)
  }

  topUp(): void {
    for (const { stream } of this.cursors.values()) stream?.consumed(0)
  }

  /** @throws TailraceError as `seek` of a subscription; CODE_NOT_LOADED */
  async seek(place: Place): Promise<void> {
    // Closing the consumer ends what has begun, so that this waits for no code then.
    this.#begin()
    const { signal } = this.#ended
    const { Seeks } = await placeParts(signal)
    this.#seeks ??= new Seeks(this, this.#client, signal)
    await this.#seeks.seek(place)
  }

  leave(cursor: Cursor): void {
    this.#leaveOut(cursor)
    this.#attachments.remove(cursor)
    for (const batch of this.#arrivals.drop(cursor)) this.release(batch)
  }

  place(cursor: Cursor): void {
    this.cursors.set(cursor.partition, cursor)
    this.#settle()
    this.receive([cursor])
  }

  receive(cursors: readonly Cursor[]): void {
    const added = cursors.filter((cursor) => !this.moves.isHeld(cursor))
    this.#share(added)
    if (added.length > 0) void this.#attachments.attach()
  }

  close(): void {
    this.#reader.closed()
    if (this.isOver) return
    this.#allStarted.reject(new TailraceError('CLOSED'))
    this.#shutDown()
  }

  /** Ends with an error. `now`: at once, without the records received before. */
  fail(error: unknown, now = false): void {
    if (this.isOver) return
    this.#settings.counts.errors++
    this.#allStarted.reject(error)
    this.#shutDown()
    this.#reader.failed(error, now)
  }

  records(stream: Stream, cursor: Cursor, body: Uint8Array, nextOffset: number): void {
    try {
      receive(cursor, body, nextOffset, (batch) => {
        cursor.bufferedBytes += batch.end - batch.start
        this.bufferedBytes += batch.end - batch.start
        this.#settings.counts.received(batch)
        this.#arrivals.push(batch)
      })
      this.#attachments.succeeded()
      if (cursor.isDone) this.#leaveOut(cursor)
    } catch (error) {
      // Another replica, or the same one asked again, may send the right batch.
      if (cursor.damagedFor(this.#client.surroundings.monotonic()) > PATIENCE_MS) this.fail(TailraceError.from(error))
      else stream.abandon(cursor, new TailraceError('STORAGE_CORRUPT', undefined, { cause: error }))
    }
    this.#arrivals.wake()
  }

  started(): void {
    try {
      tellJumps(this.topic, this.cursors.values(), this.#settings.onJump)
    } catch (error) {
      this.fail(error)
    }
    for (const cursor of this.cursors.values()) if (this.moves.isHeld(cursor)) this.#leaveOut(cursor)
    this.#settle()
  }

  overfed(stream: Stream): void {
    this.#attachments.leave((one) => one === stream)
  }

  ended({ copy }: Stream, cursors: readonly Cursor[], error: TailraceError, logStart = -1): void {
    if (this.isOver) return
    this.#settings.counts.retries++
    this.#attachments.lost(cursors, error)
    // A copy that does not have an offset or a topic may be behind: only level 0 can say that they do not exist.
    if (copy !== null) this.#attachments.avoid(copy)
    for (const cursor of cursors) {
      if (copy === null && !error.retriable && !this.#mayPass(cursor, error, logStart)) this.fail(error)
    }
    void this.#attachments.attach()
  }

  #mayPass(cursor: Cursor, error: TailraceError, logStart: Offset): boolean {
    const isOfLast = cursor.position === undefined && this.#range.isOfLast(cursor.partition)
    const onOutOfRange = isOfLast ? 'earliest' : this.#settings.onOutOfRange
    return mayPass(cursor, error, { logStart, onOutOfRange, now: this.#client.surroundings.monotonic() })
  }

  /** All partitions have been received up to their ends. */
  get isDone(): boolean {
    if (this.cursors.size === 0 || !this.#range.hasEnd) return false
    for (const { isDone } of this.cursors.values()) if (!isDone) return false
    return true
  }

  /** Nothing is received for these cursors until they are found a broker. */
  #share(cursors: readonly Cursor[]): void {
    this.#attachments.add(cursors)
    const added = cursors.filter((cursor) => !this.#sharing.has(cursor))
    for (const cursor of added) this.#sharing.add(cursor)
    if (added.length > 0) this.#settings.budget.enter(this, added.length)
  }

  /** Nothing more is received for it; others get its share of the buffer. */
  #leaveOut(cursor: Cursor): void {
    cursor.stream?.leaveOut(cursor)
    if (this.#sharing.delete(cursor)) this.#settings.budget.leave(1)
  }

  /** A start is known, or nothing more is read of a partition. */
  #settle(): void {
    this.#arrivals.wake()
    for (const cursor of this.cursors.values()) if (cursor.position === undefined) return
    this.#allStarted.resolve()
  }

  /** Begins with the first request for records: a subscription without a reader holds no memory. */
  #begin(): void {
    if (this.#hasBegun || this.isOver) return
    this.#hasBegun = true
    this.#settings.counts.feeds.add(this)
    this.#stopListening = this.#client.onMetadataChange(() => this.#follow())
    this.onBegin?.()
    if (!this.isOver) void this.#open()
  }

  async #open(): Promise<void> {
    try {
      await this.#attachments.open()
      this.#range = await this.#given.whole(this.#ended.signal)
      const wanted = { name: this.topic, id: this.#topicId, start: this.#range.start }
      const route = await findTopic(this.#client, wanted, this.#ended.signal)
      if (this.#topicId !== '' && route.id !== this.#topicId) {
        this.#turnTo(route)
        return
      }
      this.#topicId = route.id
      await this.#range.find(this.#client, route, this.#ended.signal)
      if (this.isOver) return
      this.#addAll(route)
      this.#follow()
      await this.#attachments.attach()
    } catch (error) {
      this.fail(TailraceError.from(error))
    }
  }

  /** A cursor for each partition of the topic that is wanted. @throws TailraceError UNKNOWN_PARTITION */
  #addAll(route: TopicRoute): void {
    const count = route.leaders.length
    const unknown = this.#range.named.find((one) => one >= count)
    if (unknown !== undefined) {
      throw new TailraceError('UNKNOWN_PARTITION', `"${this.topic}" has ${count} of them, not number ${unknown}.`)
    }
    const wanted = this.#range.partitionsOf(route)
    this.#addCursors(wanted, (partition) => this.#range.positionOf(partition))
    if (wanted.length === 0) this.#allStarted.resolve()
  }

  /**
   * The name belongs to another topic by now. Records received of the former topic are read before those of this one.
   */
  #turnTo(route: TopicRoute): void {
    const { onTopicRecreated: choice } = this.#settings
    if (choice === 'fail') {
      const detail = `"${this.topic}" was ${this.#topicId}, and is ${route.id} now.`
      this.fail(new TailraceError('TOPIC_ID_MISMATCH', detail))
      return
    }
    this.#attachments.closeStreams()
    this.#settings.budget.leave(this.#sharing.size)
    this.#sharing.clear()
    this.cursors.clear()
    this.#attachments.clear()
    this.#topicId = route.id
    this.#range = new EndlessRange(startAtEnd(choice, this.#range.start.partitions))
    try {
      this.#addAll(route)
    } catch (error) {
      this.fail(TailraceError.from(error))
    }
    void this.#attachments.attach()
  }

  /**
   * The metadata of the topic has changed. Partitions that were added after the start are read from their beginning:
   * everything in them is new.
   */
  #follow(): void {
    const route = this.#client.metadata.topic(this.topic)
    if (route === undefined || this.cursors.size === 0 || this.isOver) return
    if (route.id !== this.#topicId) {
      this.#turnTo(route)
      return
    }
    if (!this.#range.takesAdded) return
    const added = route.leaders.map((_, partition) => partition).slice(this.cursors.size)
    if (added.length > 0) this.#addCursors(added, () => ({ kind: 'EARLIEST', value: 0 }))
    void this.#attachments.attach()
  }

  #addCursors(partitions: readonly PartitionNumber[], positionOf: (partition: PartitionNumber) => Position): void {
    const added = partitions.map((partition) => {
      const cursor = new Cursor(partition, positionOf(partition), this.#range.endOf(partition), this)
      this.cursors.set(partition, cursor)
      return cursor
    })
    this.#share(added)
  }

  #shutDown(): void {
    this.isOver = true
    this.#settings.counts.feeds.delete(this)
    this.#stopListening?.()
    this.#attachments.close()
    this.onEnd?.()
    this.#ended.abort(new TailraceError('CLOSED'))
    this.#attachments.closeStreams()
    // What has been received and is not read yet does not hold up others that read under the same budget.
    const { budget } = this.#settings
    budget.free(this.bufferedBytes)
    budget.leave(this.#sharing.size)
    budget.end(this)
  }
}
