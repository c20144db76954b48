import {
  type AnyTopic,
  abortError,
  Client,
  type ConnectionStatus,
  type ConnectOptions,
  checkOpenTelemetry,
  clientOptionsOf,
  isTopic,
  type StatusListener,
} from '@tailrace/client'
import { checkTopicName, TailraceError } from '@tailrace/schemas'
import { Feed } from './feed/feed.ts'
import { type ConsumerCounters, ReceivedCounts } from './feed/received-counts.ts'
import { ConsumerGroup } from './groups/consumer-group.ts'
import type { GroupOptions } from './groups/group-options.ts'
import { KnownBrokers } from './known-brokers.ts'
import type { LevelRules } from './level-choice.ts'
import { Levels } from './levels.ts'
import { type ConsumerOptions, feedSettings, levelRules, type SubscribeOptions } from './options.ts'
import { readPlace } from './point-read.ts'
import { rangeOf } from './range-options.ts'
import { checkPlace, type ReadOptions, type ReadPlace, readSettings } from './read-options.ts'
import { type ReadResult, readResult } from './read-result.ts'
import { onUnreadableOf } from './readable-records.ts'
import { bytesRecord, type RecordMaker, textRecord } from './record.ts'
import { Subscription } from './subscription.ts'
import { refuseBytes, type TypedOf, typedRecordMaker } from './typed-record.ts'

/** Reads topics. The same in Node and in a browser. */
export class Consumer {
  readonly #client: Client
  /** Undefined: cascade brokers are not looked for. */
  readonly #levels: { readonly known: KnownBrokers; readonly rules: LevelRules } | undefined
  readonly #options: ConsumerOptions
  readonly #feeds = new Set<Feed>()
  readonly #counts = new ReceivedCounts()
  readonly #groups = new Set<{ close(): Promise<void> }>()
  readonly #closing = new AbortController()
  #isClosed = false

  /** Connects with the first subscription. @throws TailraceError INVALID_SETTING */
  constructor(options: ConsumerOptions) {
    const rules = levelRules(options)
    checkOpenTelemetry(options.openTelemetry)
    this.#options = options
    this.#client = new Client(clientOptionsOf(options), options.rack)
    if (rules === undefined) return
    this.#levels = { known: new KnownBrokers(this.#client, options.metadataMaxAgeMs), rules }
  }

  /** Whether a broker is reached; `idle` until the first connection is wanted. */
  get status(): ConnectionStatus {
    return this.#client.status
  }

  /**
   * Resolves when a broker has answered, so that a program that is given a wrong address or credential ends at its
   * start. Not needed: without it the first subscription or read connects.
   * @throws TailraceError CONNECTION_LOST: none of the servers was reached within `timeoutMs`, with the reason of each;
   * AUTHENTICATION_FAILED, TLS_REQUIRED and others that no further attempt would change; CLOSED, ABORTED
   */
  connect(options?: ConnectOptions): Promise<void> {
    return this.#client.reach(options)
  }

  /** `status`: told of each change of {@link status}. */
  on(event: 'status', listener: StatusListener): this {
    this.#client.on(event, listener)
    return this
  }

  off(event: 'status', listener: StatusListener): this {
    this.#client.off(event, listener)
    return this
  }

  /** What has happened so far, in groups too; to be asked for as often as a program likes. */
  counters(): ConsumerCounters {
    return this.#counts.counters
  }

  /**
   * Subscribes to a topic; receiving begins with the loop over it, or with its `ready`. Every record comes once and,
   * within its partition, in order, over lost connections and changes of leader.
   * @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME, CLOSED; everything else comes out of the loop
   */
  subscribe(topic: string, options?: SubscribeOptions & { bytes?: false }): Subscription<string>
  subscribe(topic: string, options: SubscribeOptions & { bytes: true }): Subscription<Uint8Array>
  subscribe<One extends AnyTopic>(topic: One, options?: Omit<SubscribeOptions, 'bytes'>): Subscription<TypedOf<One>>
  subscribe(topic: string | AnyTopic, options: SubscribeOptions = {}): unknown {
    if (isTopic(topic)) {
      refuseBytes(options)
      return this.#subscribe(topic.name, options, typedRecordMaker(topic))
    }
    return options.bytes ? this.#subscribe(topic, options, bytesRecord) : this.#subscribe(topic, options, textRecord)
  }

  #subscribe<Data>(topic: string, options: SubscribeOptions, make: RecordMaker<Data>): Subscription<Data> {
    if (this.#isClosed) throw new TailraceError('CLOSED')
    checkTopicName(topic)
    const settings = feedSettings(options, this.#counts)
    const onUnreadable = onUnreadableOf(options.onUnreadable)
    const range = rangeOf(options)
    const levels = this.#levels && new Levels(this.#levels.known, this.#levels.rules, topic)
    const feed = new Feed(this.#client, topic, range, settings, levels)
    const { signal } = options
    const abort = (): void => feed.fail(abortError(signal!), true)
    feed.onBegin = () => {
      this.#feeds.add(feed)
      this.#counts.feeds.add(feed)
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) abort()
      else if (this.#isClosed) feed.close()
    }
    feed.onEnd = () => {
      this.#feeds.delete(feed)
      this.#counts.feeds.delete(feed)
      signal?.removeEventListener('abort', abort)
    }
    return new Subscription(topic, feed, make, onUnreadable)
  }

  /**
   * A group of consumers, of this and other programs, that share the partitions of topics. Joins with the first loop or
   * `run`.
   * @throws TailraceError INVALID_SETTING, CLOSED
   */
  group(name: string, options?: GroupOptions & { bytes?: false }): ConsumerGroup<string>
  group(name: string, options: GroupOptions & { bytes: true }): ConsumerGroup<Uint8Array>
  group(name: string, options: GroupOptions = {}): ConsumerGroup<string> | ConsumerGroup<Uint8Array> {
    if (this.#isClosed) throw new TailraceError('CLOSED')
    return options.bytes ? this.#group(name, options, bytesRecord) : this.#group(name, options, textRecord)
  }

  /**
   * Reads records from one offset on, once. With the result of a producer's `send` as `place`, a program reads its own
   * writes, from any broker that holds them: the leader is not needed. Asks one broker after the other, each a little
   * later, and takes the first good answer.
   * @throws TailraceError INVALID_SETTING, OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, UNKNOWN_PARTITION, INVALID_RECORD (not
   * text), UNSUPPORTED_COMPRESSION, INVALID_BATCH; TIMED_OUT with the last answer as its cause; ABORTED, CLOSED
   */
  read(topic: string, place: ReadPlace, options?: ReadOptions & { bytes?: false }): Promise<ReadResult<string>>
  read(topic: string, place: ReadPlace, options: ReadOptions & { bytes: true }): Promise<ReadResult<Uint8Array>>
  read<One extends AnyTopic>(
    topic: One,
    place: ReadPlace,
    options?: Omit<ReadOptions, 'bytes'>,
  ): Promise<ReadResult<TypedOf<One>>>
  async read(topic: string | AnyTopic, place: ReadPlace, options: ReadOptions = {}): Promise<unknown> {
    if (isTopic(topic)) {
      refuseBytes(options)
      return this.#read(topic.name, place, options, typedRecordMaker(topic))
    }
    return options.bytes
      ? this.#read(topic, place, options, bytesRecord)
      : this.#read(topic, place, options, textRecord)
  }

  async #read<Data>(
    topic: string,
    place: ReadPlace,
    options: ReadOptions,
    make: RecordMaker<Data>,
  ): Promise<ReadResult<Data>> {
    checkTopicName(topic)
    checkPlace(place)
    const settings = readSettings(options)
    const onUnreadable = onUnreadableOf(options.onUnreadable)
    const closing = this.#closing.signal
    const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing])
    const answer = await readPlace(this.#client, topic, place, settings, signal)
    return readResult(topic, place, answer, make, onUnreadable)
  }

  /** Ends all subscriptions, whose loops then end, leaves all groups, and disconnects. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#groups].map((group) => group.close()))
    this.#closing.abort(new TailraceError('CLOSED'))
    for (const feed of [...this.#feeds]) feed.close()
    this.#levels?.known.close()
    this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #group<Data>(name: string, options: GroupOptions, make: RecordMaker<Data>): ConsumerGroup<Data> {
    const levels = this.#levels
    const group: ConsumerGroup<Data> = new ConsumerGroup(name, options, {
      client: this.#client,
      options: this.#options,
      levelsOf: (topic) => levels && new Levels(levels.known, levels.rules, topic),
      make,
      counts: this.#counts,
      onClose: () => this.#groups.delete(group),
    })
    this.#groups.add(group)
    return group
  }
}
