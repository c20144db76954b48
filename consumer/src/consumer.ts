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
import { Feeds } from './feed/feeds.ts'
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
import { type Topics, topicChoice } from './topics/topic-choice.ts'
import { TopicFeeds } from './topics/topic-feeds.ts'
import { type TopicsOptions, topicRanges } from './topics/topics-options.ts'
import { TopicsSubscription } from './topics/topics-subscription.ts'
import { refuseBytes, typedRecordMaker } from './typed-record.ts'

/** Between two looks for topics, as often as metadata are looked up by default. */
const LOOK_MS = 15_000

/** What a subscription reads from. */
interface Kept {
  onBegin: (() => void) | undefined
  onEnd: (() => void) | undefined
  fail(error: TailraceError, now: boolean): void
  close(): void
}

/** Reads topics. The same in Node and in a browser. */
export class Consumer {
  readonly #client: Client
  /** Undefined: cascade brokers are not looked for. */
  readonly #levels: { readonly known: KnownBrokers; readonly rules: LevelRules } | undefined
  readonly #options: ConsumerOptions
  readonly #sources = new Set<Kept>()
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
  subscribe<One extends AnyTopic>(topic: One, options?: Omit<SubscribeOptions, 'bytes'>): Subscription<One>
  /**
   * Subscribes to several topics, by name or by a pattern. Topics that match the pattern join while the loop runs, and
   * are read from their beginning; those that are deleted leave.
   * @throws TailraceError as for one topic
   */
  subscribe(topics: Topics, options?: TopicsOptions & { bytes?: false }): TopicsSubscription<string>
  subscribe(topics: Topics, options: TopicsOptions & { bytes: true }): TopicsSubscription<Uint8Array>
  subscribe(topic: string | AnyTopic | Topics, given: SubscribeOptions | TopicsOptions = {}): unknown {
    if (this.#isClosed) throw new TailraceError('CLOSED')
    if (Array.isArray(topic) || topic instanceof RegExp) {
      const [topics, options] = [topic as Topics, given as TopicsOptions]
      return options.bytes
        ? this.#subscribeAll(topics, options, bytesRecord)
        : this.#subscribeAll(topics, options, textRecord)
    }
    const options = given as SubscribeOptions
    if (isTopic(topic)) {
      refuseBytes(options)
      return this.#subscribe(topic.name, options, typedRecordMaker(topic))
    }
    const name = topic as string
    return options.bytes ? this.#subscribe(name, options, bytesRecord) : this.#subscribe(name, options, textRecord)
  }

  #subscribeAll<Data>(topics: Topics, options: TopicsOptions, make: RecordMaker<Data>): TopicsSubscription<Data> {
    const choice = topicChoice(topics)
    const { from: _from, to: _to, ...more } = options
    const settings = feedSettings(more, this.#counts)
    const ranges = topicRanges(options)
    const levels = this.#levels
    const levelsOf = (topic: string) => levels && new Levels(levels.known, levels.rules, topic)
    const feeds = new TopicFeeds({
      client: this.#client,
      feeds: new Feeds(this.#client, this.#options, levelsOf, this.#counts),
      choice,
      ranges,
      settings,
      lookMs: this.#options.metadataMaxAgeMs ?? LOOK_MS,
    })
    this.#keep(feeds, options.signal)
    return new TopicsSubscription(feeds, make, onUnreadableOf(options.onUnreadable))
  }

  #subscribe<Data>(topic: string, options: SubscribeOptions, make: RecordMaker<Data>): Subscription<Data> {
    checkTopicName(topic)
    const settings = feedSettings(options, this.#counts)
    const onUnreadable = onUnreadableOf(options.onUnreadable)
    const range = rangeOf(options)
    const levels = this.#levels && new Levels(this.#levels.known, this.#levels.rules, topic)
    const feed = new Feed(this.#client, topic, range, settings, levels)
    this.#keep(feed, options.signal)
    return new Subscription(topic, feed, make, onUnreadable)
  }

  /** It ends with the consumer, and when the signal fires. */
  #keep(source: Kept, signal: AbortSignal | undefined): void {
    const abort = (): void => source.fail(abortError(signal!), true)
    source.onBegin = () => {
      this.#sources.add(source)
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) abort()
      else if (this.#isClosed) source.close()
    }
    source.onEnd = () => {
      this.#sources.delete(source)
      signal?.removeEventListener('abort', abort)
    }
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
  ): Promise<ReadResult<One>>
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
    for (const source of [...this.#sources]) source.close()
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
