import { type Client, type Connection, delay, Fifo, retryBackoff, type TopicRoute } from '@tailrace/client'
import { type BrokerId, type Offset, type PartitionNumber, type Position, TailraceError } from '@tailrace/schemas'
import { Cursor, type RecordSource } from './cursor.ts'
import type { Levels } from './levels.ts'
import type { FeedSettings } from './options.ts'
import { Positions } from './positions.ts'
import type { BudgetUser } from './receive-budget.ts'
import { type ReceivedBatch, receive } from './received-batch.ts'
import { type Start, startAnew } from './start.ts'
import { Stream, type StreamEvents } from './stream.ts'
import { findTopic, PATIENCE_MS } from './wanted-topic.ts'

const lagging = new Set(['UNKNOWN_TOPIC', 'TOPIC_ID_MISMATCH', 'UNKNOWN_PARTITION'])

/** Partitions to be read over one connection. */
interface FeedRoute {
  readonly connection: Connection
  /** The cascade broker that it leads to; null: a broker of level 0. */
  readonly copy: BrokerId | null
  readonly cursors: Cursor[]
}

/**
 * The batches of a topic's partitions in one queue, each once and in order of offsets for every partition. Keeps every
 * partition attached to a broker that serves it, and resumes at the first offset that was not received whenever that
 * ends.
 */
export class Feed implements StreamEvents, BudgetUser {
  readonly cursors = new Map<PartitionNumber, Cursor>()
  /** Called once when it begins to receive. */
  onBegin: (() => void) | undefined
  /** Called once when it has ended, for any reason. */
  onEnd: (() => void) | undefined
  readonly #client: Client
  readonly #topic: string
  #start: Start
  /** The topic that is read. Empty until it is known. */
  #topicId: string
  readonly #settings: FeedSettings
  /** Undefined: cascade brokers are not looked for. */
  readonly #levels: Levels | undefined
  readonly #queue = new Fifo<ReceivedBatch>()
  /** Bytes received and not released. */
  #bufferedBytes = 0
  readonly #ended = new AbortController()
  readonly #backoff: ReturnType<typeof retryBackoff>
  #stopListening: (() => void) | undefined
  #stopMoving: (() => void) | undefined
  readonly #allStarted = Promise.withResolvers<void>()
  /** Partitions that no stream serves at the moment. */
  readonly #detached = new Set<Cursor>()
  #hasBegun = false
  #isAttaching = false
  /** Why the last stream ended; undefined when none did since the last success. */
  #lastError: TailraceError | undefined
  #failure: TailraceError | undefined
  #isClosed = false
  #wakeReader: (() => void) | undefined

  constructor(client: Client, topic: string, start: Start, settings: FeedSettings, levels?: Levels) {
    this.#client = client
    this.#backoff = retryBackoff(client.surroundings)
    this.#topic = topic
    this.#start = start
    this.#topicId = start.offsets.topicId
    this.#settings = settings
    this.#levels = levels
    this.#allStarted.promise.catch(() => {})
  }

  /** Resolves when every partition's first offset is known. @throws TailraceError what ended the feed before */
  whenStarted(): Promise<void> {
    this.#begin()
    return this.#allStarted.promise
  }

  /** The offsets behind the records handed out, or those given to start from. */
  get positions(): Positions {
    if (this.cursors.size === 0) return new Positions(this.#start.offsets, this.#topicId)
    const positions = new Positions([], this.#topicId)
    for (const { partition, resumeAt } of this.cursors.values()) {
      if (resumeAt !== undefined) positions.set(partition, resumeAt)
    }
    return positions
  }

  /**
   * The next batch; undefined after `close`. Its share of the buffer is free again once `release` is called with it.
   * @throws TailraceError what ended the feed, after all records received before it have been read
   */
  async next(): Promise<ReceivedBatch | undefined> {
    this.#begin()
    for (;;) {
      const batch = this.#queue.shift()
      if (batch !== undefined) return batch
      if (this.#failure !== undefined) throw this.#failure
      if (this.#isClosed) return undefined
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
      })
    }
  }

  /** The batch has been read: the broker may send as much again. */
  release({ cursor, start, end }: ReceivedBatch): void {
    const bytes = end - start
    cursor.bufferedBytes -= bytes
    this.#bufferedBytes -= bytes
    if (!this.#isOver) this.#settings.budget.free(bytes)
    cursor.stream?.consumed(bytes)
  }

  takeBack(): void {
    this.#leave((stream) => stream.hasTooMuchCredit)
  }

  topUp(): void {
    for (const { stream } of this.cursors.values()) stream?.consumed(0)
  }

  /** Ends quietly. Records that are not read are dropped. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#queue.clear()
    this.#allStarted.reject(new TailraceError('CLOSED'))
    this.#shutDown()
  }

  /** Ends with an error. `now`: at once, without the records received before. */
  fail(error: TailraceError, now = false): void {
    if (this.#isClosed || this.#failure !== undefined) return
    this.#failure = error
    if (now) this.#queue.clear()
    this.#allStarted.reject(error)
    this.#shutDown()
  }

  records(stream: Stream, cursor: Cursor, body: Uint8Array, nextOffset: number): void {
    try {
      receive(cursor, body, nextOffset, (batch) => {
        cursor.bufferedBytes += batch.end - batch.start
        this.#bufferedBytes += batch.end - batch.start
        this.#queue.push(batch)
      })
      this.#lastError = undefined
      this.#backoff.reset()
    } catch (error) {
      // Another replica, or the same one asked again, may send the right batch.
      if (cursor.damagedFor(this.#client.surroundings.monotonic()) > PATIENCE_MS) this.fail(TailraceError.from(error))
      else stream.abandon(cursor, new TailraceError('STORAGE_CORRUPT', undefined, { cause: error }))
    }
    this.#wake()
  }

  started(): void {
    this.#tellJumps()
    for (const cursor of this.cursors.values()) if (cursor.position === undefined) return
    this.#allStarted.resolve()
  }

  #tellJumps(): void {
    for (const cursor of this.cursors.values()) {
      const jump = cursor.takeJump()
      if (jump === undefined) continue
      const missing = Math.max(0, jump.to - jump.from)
      try {
        this.#settings.onJump?.({ topic: this.#topic, partition: cursor.partition, ...jump, missing })
      } catch (error) {
        this.fail(TailraceError.from(error))
      }
    }
  }

  ended({ copy }: Stream, cursors: readonly Cursor[], error: TailraceError, logStart = -1): void {
    if (this.#isOver) return
    this.#lastError = error
    // A copy that does not have an offset or a topic may be behind: only level 0 can say that they do not exist.
    if (copy !== null) this.#levels?.avoid(copy)
    for (const cursor of cursors) {
      this.#detached.add(cursor)
      if (copy === null && !error.retriable && !this.#mayPass(cursor, error, logStart)) this.fail(error)
    }
    void this.#attach()
  }

  get #isOver(): boolean {
    return this.#isClosed || this.#failure !== undefined
  }

  /** Whether a refusal that is final elsewhere may pass by asking again, or has been dealt with. */
  #mayPass(cursor: Cursor, error: TailraceError, logStart: Offset): boolean {
    const { onOutOfRange } = this.#settings
    const now = this.#client.surroundings.monotonic()
    if (cursor.refusedSince === 0) cursor.refusedSince = now
    const isOutOfRange = error.code === 'OFFSET_OUT_OF_RANGE'
    // An offset that follows records already read exists or has been deleted: a broker that refuses it as past its end
    // is behind. A start may simply be wrong.
    const isGone = cursor.wanted.value < logStart
    const mayLag = isOutOfRange ? cursor.position !== undefined && !isGone : lagging.has(error.code)
    if (mayLag && now - cursor.refusedSince < PATIENCE_MS) return true
    if (!isOutOfRange || onOutOfRange === 'fail') return false
    cursor.restart({ kind: onOutOfRange === 'earliest' ? 'EARLIEST' : 'LATEST', value: 0 })
    return true
  }

  /** Begins with the first request for records: a subscription without a reader holds no memory. */
  #begin(): void {
    if (this.#hasBegun || this.#isOver) return
    this.#hasBegun = true
    this.#stopListening = this.#client.onMetadataChange(() => this.#follow())
    this.#stopMoving = this.#levels?.onMove((copy) => this.#leaveAllBut(copy))
    this.onBegin?.()
    if (!this.#isOver) void this.#open()
  }

  async #open(): Promise<void> {
    try {
      const wanted = { name: this.#topic, id: this.#topicId, start: this.#start }
      const route = await findTopic(this.#client, wanted, this.#ended.signal)
      if (this.#topicId !== '' && route.id !== this.#topicId) {
        this.#turnTo(route)
        return
      }
      this.#topicId = route.id
      this.#addAll(route)
      await this.#attach()
    } catch (error) {
      this.fail(TailraceError.from(error))
    }
  }

  /** A cursor for each partition of the topic that is wanted. @throws TailraceError UNKNOWN_PARTITION */
  #addAll(route: TopicRoute): void {
    const all = route.leaders.map((_, partition) => partition)
    const wanted = this.#start.partitions ?? all
    const unknown = [...(this.#start.partitions ?? this.#start.offsets.keys())].find((one) => one >= all.length)
    if (unknown !== undefined) {
      throw new TailraceError('UNKNOWN_PARTITION', `"${this.#topic}" has ${all.length} of them, not number ${unknown}.`)
    }
    this.#addCursors(wanted, (partition) => this.#start.positionOf(partition))
    if (wanted.length === 0) this.#allStarted.resolve()
  }

  /**
   * The name belongs to another topic by now. Records received of the former topic are read before those of this one.
   */
  #turnTo(route: TopicRoute): void {
    const { onTopicRecreated: choice } = this.#settings
    if (choice === 'fail') {
      const detail = `"${this.#topic}" was ${this.#topicId}, and is ${route.id} now.`
      this.fail(new TailraceError('TOPIC_ID_MISMATCH', detail))
      return
    }
    this.#closeStreams()
    this.#settings.budget.leave(this.cursors.size)
    this.cursors.clear()
    this.#detached.clear()
    this.#lastError = undefined
    this.#topicId = route.id
    this.#start = startAnew(this.#start, choice)
    try {
      this.#addAll(route)
    } catch (error) {
      this.fail(TailraceError.from(error))
    }
    void this.#attach()
  }

  /**
   * The metadata of the topic has changed. Partitions that were added after the start are read from their beginning:
   * everything in them is new.
   */
  #follow(): void {
    const route = this.#client.metadata.topic(this.#topic)
    if (route === undefined || this.cursors.size === 0 || this.#isOver) return
    if (route.id !== this.#topicId) {
      this.#turnTo(route)
      return
    }
    if (this.#start.partitions !== undefined) return
    const added = route.leaders.map((_, partition) => partition).slice(this.cursors.size)
    if (added.length > 0) this.#addCursors(added, () => ({ kind: 'EARLIEST', value: 0 }))
    if (this.#detached.size > 0) void this.#attach()
  }

  #addCursors(partitions: readonly PartitionNumber[], positionOf: (partition: PartitionNumber) => Position): void {
    for (const partition of partitions) {
      const cursor = new Cursor(partition, positionOf(partition))
      this.cursors.set(partition, cursor)
      this.#detached.add(cursor)
    }
    this.#settings.budget.enter(this, partitions.length)
  }

  /** Finds a broker for every detached partition, as long as it takes. One at a time. */
  async #attach(): Promise<void> {
    if (this.#isAttaching) return
    this.#isAttaching = true
    try {
      while (this.#detached.size > 0 && !this.#isOver) {
        if (this.#lastError !== undefined) {
          const ms = Math.max(this.#backoff.next(), this.#lastError.retryAfterMs ?? 0)
          await delay(ms, this.#ended.signal, this.#client.surroundings)
          await this.#client.refresh([this.#topic]).catch(() => {})
        }
        for (const route of await this.#routes()) this.#subscribe(route)
      }
    } catch (error) {
      this.fail(TailraceError.from(error))
    } finally {
      this.#isAttaching = false
    }
  }

  /** Detached partitions by the connection to ask; without those that have none at the moment. */
  async #routes(): Promise<readonly FeedRoute[]> {
    const routes = new Map<Connection, FeedRoute>()
    try {
      const found = await this.#levels?.find()
      if (found != null) return [{ ...found, cursors: [...this.#detached] }]
      for (const cursor of [...this.#detached]) {
        const connection = await this.#connectionFor(cursor.partition)
        if (connection === undefined) continue
        const route = routes.get(connection)
        if (route === undefined) routes.set(connection, { connection, copy: null, cursors: [cursor] })
        else route.cursors.push(cursor)
      }
    } catch (error) {
      this.#lastError = TailraceError.from(error)
      if (!this.#lastError.retriable) throw this.#lastError
    }
    return [...routes.values()]
  }

  /** To a broker of level 0; undefined while there is none. @throws TailraceError what does not pass */
  async #connectionFor(partition: PartitionNumber): Promise<Connection | undefined> {
    try {
      const isNear = this.#settings.readFrom === 'nearest'
      const route = isNear ? this.#client.nearest(this.#topic, partition) : this.#client.route(this.#topic, partition)
      const { connection } = await route
      if (!this.#levels?.isCopy(connection.address)) return connection
      // It was told by a copy that its broker leads, as copies do.
      throw new TailraceError('LEADER_UNAVAILABLE', `Partition ${partition}: no broker of level 0 is known to lead.`)
    } catch (error) {
      this.#lastError = TailraceError.from(error)
      if (!this.#lastError.retriable) throw this.#lastError
      return undefined
    }
  }

  #subscribe({ connection, copy, cursors: found }: FeedRoute): void {
    // There may be a better place by now: they stay detached, and are routed again.
    if (this.#isOver || (this.#levels !== undefined && this.#levels.current !== copy)) return
    // Partitions of a topic that was replaced meanwhile are not detached any more.
    const cursors = found.filter((cursor) => this.#detached.delete(cursor))
    if (cursors.length === 0) return
    const { budget, readFrom } = this.#settings
    const settings = { budget, replica: copy === null && readFrom === 'nearest', copy }
    new Stream(connection, { name: this.#topic, id: this.#topicId }, cursors, settings, this)
  }

  /** Partitions that are read elsewhere go on at this broker, each at the first offset that has not been received. */
  #leaveAllBut(copy: BrokerId | null): void {
    this.#leave((stream) => stream.copy !== copy)
  }

  #leave(isLeft: (stream: RecordSource) => boolean): void {
    for (const cursor of this.cursors.values()) {
      if (cursor.stream !== undefined && isLeft(cursor.stream)) this.#detached.add(cursor)
    }
    for (const cursor of this.#detached) cursor.stream?.close()
    if (this.#detached.size > 0) void this.#attach()
  }

  #shutDown(): void {
    this.#stopListening?.()
    this.#stopMoving?.()
    this.onEnd?.()
    this.#ended.abort(new TailraceError('CLOSED'))
    this.#closeStreams()
    // What has been received and is not read yet does not hold up others that read under the same budget.
    const { budget } = this.#settings
    budget.free(this.#bufferedBytes)
    budget.leave(this.cursors.size)
    budget.end(this)
    this.#wake()
  }

  #closeStreams(): void {
    for (const stream of new Set([...this.cursors.values()].map((cursor) => cursor.stream))) stream?.close()
  }

  #wake(): void {
    const wake = this.#wakeReader
    this.#wakeReader = undefined
    wake?.()
  }
}
