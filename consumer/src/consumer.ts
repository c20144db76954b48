import {
  type AnyTopic,
  Client,
  type ConnectionStatus,
  type ConnectOptions,
  checkOpenTelemetry,
  clientOptionsOf,
  isTopic,
  type StatusListener,
} from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import { memberParts } from '#member-parts'
import { placeParts } from '#place-parts'
import { CascadeLevels } from './cascade-levels.ts'
import { type ConsumerCounters, ReceivedCounts } from './feed/received-counts.ts'
import { ConsumerGroup } from './groups/consumer-group.ts'
import type { GroupOptions } from './groups/group-options.ts'
import { type ConsumerOptions, levelRules, type SubscribeOptions } from './options.ts'
import type { ReadOptions, ReadPlace } from './read-options.ts'
import type { ReadResult } from './read-result.ts'
import { onUnreadableOf } from './readable-records.ts'
import type { RecordHandler } from './reader-run/reader-run.ts'
import type { ConsumerRunOptions, TopicsRunOptions } from './reader-run/reader-run-options.ts'
import { bytesRecord, type RecordMaker, textRecord } from './record.ts'
import { Sources } from './sources.ts'
import { Subscription } from './subscription.ts'
import { givenTopics } from './topics/given-topics.ts'
import type { Topics } from './topics/topic-choice.ts'
import type { TopicsOptions } from './topics/topics-options.ts'
import { TopicsSubscription } from './topics/topics-subscription.ts'
import { refuseBytes, typedRecordMaker } from './typed-record.ts'

/** Reads topics. The same in Node and in a browser. */
export class Consumer {
  readonly #client: Client
  /** Undefined: cascade brokers are not looked for. */
  readonly #levels: CascadeLevels | undefined
  readonly #options: ConsumerOptions
  readonly #sources: Sources
  readonly #counts = new ReceivedCounts()
  /** Groups, and runs without one. */
  readonly #running = new Set<{ close(): Promise<void> }>()
  readonly #closing = new AbortController()
  #isClosed = false

  /** Connects with the first subscription. @throws TailraceError INVALID_SETTING */
  constructor(options: ConsumerOptions) {
    const rules = levelRules(options)
    checkOpenTelemetry(options.openTelemetry)
    this.#options = options
    const client = new Client(clientOptionsOf(options), options.rack)
    this.#client = client
    this.#levels = rules && new CascadeLevels(client, rules, options.metadataMaxAgeMs)
    this.#sources = new Sources({ client, options, counts: this.#counts, levels: this.#levels })
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
    this.#checkOpen()
    const onUnreadable = onUnreadableOf(given.onUnreadable)
    if (isTopic(topic)) {
      refuseBytes(given)
      const feed = this.#sources.topic(topic.name, given as SubscribeOptions)
      return new Subscription(topic.name, feed, typedRecordMaker(topic), onUnreadable)
    }
    const make = (given.bytes ? bytesRecord : textRecord) as RecordMaker<unknown>
    if (Array.isArray(topic) || topic instanceof RegExp) {
      const feeds = this.#sources.topics(topic as Topics, given as TopicsOptions)
      return new TopicsSubscription(feeds, make, onUnreadable)
    }
    const name = topic as string
    return new Subscription(name, this.#sources.topic(name, given as SubscribeOptions), make, onUnreadable)
  }

  /**
   * Calls a handler for each record of a topic: several at once, in the order of partitions or keys. A handler that
   * throws is called again after a while, and other records go on; after the last attempt the run ends. With
   * `checkpoint` it goes on where everything before was handled: at least once, since a crash loses what was not saved.
   * Resolves at the end that the options name, or after `close`, when all that was begun is finished and saved.
   * @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME; as the loop of {@link subscribe}; what the handler or
   * the checkpoint store throws; CLOSED
   */
  run(topic: string, handler: RecordHandler, options?: ConsumerRunOptions & { bytes?: false }): Promise<void>
  run(topic: string, handler: RecordHandler<Uint8Array>, options: ConsumerRunOptions & { bytes: true }): Promise<void>
  run<One extends AnyTopic>(
    topic: One,
    handler: RecordHandler<One>,
    options?: Omit<ConsumerRunOptions, 'bytes'>,
  ): Promise<void>
  /** The same for several topics, by name or by a pattern. @throws TailraceError as for one topic */
  run(topics: Topics, handler: RecordHandler, options?: TopicsRunOptions & { bytes?: false }): Promise<void>
  run(topics: Topics, handler: RecordHandler<Uint8Array>, options: TopicsRunOptions & { bytes: true }): Promise<void>
  async run(
    topic: string | AnyTopic | Topics,
    handler: unknown,
    options: ConsumerRunOptions | TopicsRunOptions = {},
  ): Promise<void> {
    this.#checkOpen()
    const wanted = { topic: givenTopics(topic), handler, options: { ...options } }
    const { makeReaderRun } = await memberParts(this.#closing.signal)
    const run = await makeReaderRun(wanted, this.#sources, this.#options.openTelemetry)
    this.#checkOpen()
    this.#running.add(run)
    try {
      await run.run()
    } finally {
      this.#running.delete(run)
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
    this.#checkOpen()
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
    const [wanted, given, closing] = [{ ...place }, { ...options }, this.#closing.signal]
    const signal = given.signal === undefined ? closing : AbortSignal.any([given.signal, closing])
    const { readRecordsAt } = await placeParts(signal)
    return readRecordsAt(this.#client, topic, wanted, given, signal)
  }

  /**
   * Ends all subscriptions, whose loops then end, and all runs, each when it has finished what it has begun; leaves all
   * groups, and disconnects.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#running].map((one) => one.close()))
    this.#closing.abort(new TailraceError('CLOSED'))
    this.#sources.close()
    this.#levels?.close()
    this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #group<Data>(name: string, options: GroupOptions, make: RecordMaker<Data>): ConsumerGroup<Data> {
    const { levelsOf } = this.#sources
    const parts = { client: this.#client, options: this.#options, levelsOf, received: this.#counts }
    const onClose = (): void => void this.#running.delete(group)
    const group: ConsumerGroup<Data> = new ConsumerGroup(name, options, parts, make, onClose)
    this.#running.add(group)
    return group
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new TailraceError('CLOSED')
  }
}
