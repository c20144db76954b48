import {
  type AnyTopic,
  abortError,
  Client,
  type ConnectionStatus,
  type ConnectOptions,
  callChannel,
  checkOpenTelemetry,
  clientOptionsOf,
  isTopic,
  type OpenTelemetryApi,
  orAborted,
  type StatusListener,
  throwIfAborted,
} from '@tailrace/client'
import { checkTopicName, type Offset, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { publishParts, publishPartsNow } from '#publish-parts'
import { newCounts, type ProducerCounters } from './counters.ts'
import type { Identity } from './identity.ts'
import { LaterSend } from './later-send.ts'
import { LingerTimer } from './linger-timer.ts'
import { type ProducerOptions, type ProducerSettings, producerSettings } from './options.ts'
import type { ConditionalOptions } from './publish-parts/condition.ts'
import type { ProducerRecord, Sent } from './record.ts'
import { abortable, ManySend, type PromisedSend, type Send, SingleSend } from './sends.ts'
import { specialSend } from './special-send.ts'
import { type TopicContext, TopicLanes } from './topic-lanes.ts'
import { encodedRecord, type RecordOf } from './typed-record.ts'

/** Options of one call. `partition` matters with a condition; otherwise records name theirs. */
export interface SendOptions extends ConditionalOptions {
  /** Aborting it ends the wait. What is in a batch already may still be written. */
  readonly signal?: AbortSignal
}

const noOptions: SendOptions = {}
/** Each call of `send` and `sendBatch`, for subscribers: `{ topic, records }`. */
const sends = callChannel('tailrace:producer:send')

/** Time limit of one request for an identity; the lane that needs it repeats the request. */
const IDENTITY_TIMEOUT_MS = 5_000

/**
 * Publishes records. Always idempotent: a record that is retried after a lost connection, a timeout or a change of
 * leader is in the log once, and in the order of the calls for each partition.
 */
export class Producer {
  readonly #client: Client
  readonly #settings: ProducerSettings
  readonly #topics = new Map<string, TopicLanes>()
  readonly #linger: LingerTimer
  readonly #ended = new AbortController()
  readonly #context: TopicContext
  /** Undefined: calls make no spans. */
  readonly #openTelemetry: OpenTelemetryApi | undefined
  readonly #counts = newCounts()
  readonly #forRoom: (() => void)[] = []
  #identity: Promise<Identity> | undefined
  #bufferedBytes = 0
  #waitingSends = 0
  #flushes = 0
  #isClosing = false
  #isResuming = false

  /** Connects when the first record is sent. @throws TailraceError INVALID_SETTING, UNSUPPORTED_COMPRESSION */
  constructor(options: ProducerOptions) {
    this.#settings = producerSettings(options)
    this.#client = new Client(clientOptionsOf(options))
    this.#linger = new LingerTimer(this.#settings.lingerMs, this.#client.surroundings)
    this.#context = this.#makeContext()
    checkOpenTelemetry(options.openTelemetry)
    this.#openTelemetry = options.openTelemetry
    const { signal } = options
    if (signal?.aborted) this.#end(abortError(signal))
    else signal?.addEventListener('abort', () => this.#end(abortError(signal)), { once: true })
  }

  /** Whether a broker is reached; `idle` until the first connection is wanted. */
  get status(): ConnectionStatus {
    return this.#client.status
  }

  /**
   * Resolves when a broker has answered, so that a program that is given a wrong address or credential ends at its
   * start. Not needed: without it the first record that is sent connects.
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

  /** What has happened so far; to be asked for as often as a program likes. */
  counters(): ProducerCounters {
    return { ...this.#counts, bufferedBytes: this.#bufferedBytes, waitingSends: this.#waitingSends }
  }

  /** Bytes of records that are not acknowledged yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /**
   * Publishes a record; resolves when it is on a majority's disks. Calls need not be awaited one by one: their order is
   * kept. While more than maxBufferedBytes are in flight the record waits; `ready` tells when there is room again.
   * @throws TailraceError INVALID_RECORD, BATCH_TOO_LARGE, UNKNOWN_TOPIC, UNKNOWN_PARTITION: the record was refused;
   * TIMED_OUT: it was tried for deliveryTimeoutMs and is not in the log; OUTCOME_UNKNOWN: the same, but it may be
   * there, once; OVERLOADED: too many sends wait; ABORTED, CLOSED: given up, and it may be there, once.
   * With `expectedOffset` or `fence`, whose partition the record or `partition` names, it is written only if the
   * partition ends at that offset and has accepted no higher token. WRONG_EXPECTED_OFFSET, with the `endOffset`, and
   * FENCED, with the highest `fence`: it is not in the log.
   * Of a typed topic the value and the key are encoded at once; INVALID_RECORD says what its codec or schema refuses.
   */
  send(topic: string, record: ProducerRecord, options?: SendOptions): Promise<Sent>
  send<One extends AnyTopic>(topic: One, record: RecordOf<One>, options?: SendOptions): Promise<Sent>
  send(topic: string | AnyTopic, record: ProducerRecord, options: SendOptions = noOptions): Promise<Sent> {
    if (isTopic(topic)) return this.#encoded(1, () => this.send(topic.name, encodedRecord(topic, record), options))
    if (this.#isSpecial(options)) return this.sendBatch(topic, [record], options).then(([sent]) => sent!)
    if (sends.hasSubscribers) return sends.tell({ topic, records: 1 }, () => this.#send(topic, record, options))
    return this.#send(topic, record, options)
  }

  #send(topic: string, record: ProducerRecord, options: SendOptions): Promise<Sent> {
    const send = new SingleSend(record)
    if (options.signal !== undefined) abortable(send, options.signal)
    this.#offer(topic, send)
    return send.promise
  }

  /**
   * Publishes many records with one promise; the fastest way. They may be of several partitions, and the promise tells
   * where each ended up, in the order given. A failure is told when the outcome of all is known: the others may have
   * been published. Under a condition all are written next to each other, or none.
   * @throws TailraceError as {@link send}; none was published where a codec refuses one
   */
  sendBatch(topic: string, records: readonly ProducerRecord[], options?: SendOptions): Promise<Sent[]>
  sendBatch<One extends AnyTopic>(topic: One, records: readonly RecordOf<One>[], options?: SendOptions): Promise<Sent[]>
  sendBatch(
    topic: string | AnyTopic,
    records: readonly ProducerRecord[],
    options: SendOptions = noOptions,
  ): Promise<Sent[]> {
    if (isTopic(topic)) {
      const encode = (record: ProducerRecord): ProducerRecord => encodedRecord(topic, record)
      return this.#encoded(records.length, () => this.sendBatch(topic.name, records.map(encode), options))
    }
    const call = () => this.#sendMany(topic, records, options)
    return sends.hasSubscribers ? sends.tell({ topic, records: records.length }, call) : call()
  }

  #sendMany(topic: string, records: readonly ProducerRecord[], options: SendOptions): Promise<Sent[]> {
    const send = this.#isSpecial(options) ? this.#specialSend(topic, records, options) : new ManySend(records)
    if (options.signal !== undefined) abortable(send, options.signal)
    this.#offer(topic, send)
    return send.promise
  }

  /** Whether calls make spans, or the options have a condition. */
  #isSpecial({ expectedOffset, fence }: SendOptions): boolean {
    return this.#openTelemetry !== undefined || expectedOffset !== undefined || fence !== undefined
  }

  #specialSend(topic: string, records: readonly ProducerRecord[], options: SendOptions): PromisedSend {
    const call = { topic, records, options, openTelemetry: this.#openTelemetry }
    const parts = publishPartsNow()
    if (parts !== undefined) return specialSend(call, parts)
    return new LaterSend(call, publishParts, {
      surroundings: this.#client.surroundings,
      timeoutMs: this.#settings.deliveryTimeoutMs,
      ended: this.#ended.signal,
      over: () => this.#topics.get(topic)?.resume(),
    })
  }

  /**
   * Has the partition accept a fencing token, so that publishes under lower ones are refused from then on. Resolves
   * with the partition's end at that time: all records under lower tokens are before it. Independent of sends under
   * way.
   * @throws TailraceError FENCED: a higher one was accepted; FEATURE_LEVEL_TOO_LOW: brokers of an earlier version are
   * in the cluster; UNKNOWN_TOPIC, UNKNOWN_PARTITION; TIMED_OUT: it may have been accepted; ABORTED, CLOSED
   */
  async fence(
    topic: string | AnyTopic,
    partition: PartitionNumber,
    token: number,
    options?: { signal?: AbortSignal },
  ): Promise<Offset> {
    const name = isTopic(topic) ? topic.name : topic
    checkTopicName(name)
    const { requestTimeoutMs, deliveryTimeoutMs: timeoutMs } = this.#settings
    const ended = this.#ended.signal
    const signal = options?.signal === undefined ? ended : AbortSignal.any([options.signal, ended])
    const { raiseFence } = await publishParts(signal)
    return raiseFence(this.#client, { topic: name, partition, token }, { requestTimeoutMs, timeoutMs, signal })
  }

  /** Resolves when `send` would not have to wait. */
  async ready(): Promise<void> {
    while (!this.#hasRoom() || this.#waitingSends > 0) {
      if (this.#isClosing) throw new TailraceError('CLOSED')
      await new Promise<void>((resolve) => this.#forRoom.push(resolve))
    }
  }

  /** Sends lingering records at once, and resolves when the outcome of everything sent before this call is known. */
  async flush(options?: { signal?: AbortSignal }): Promise<void> {
    throwIfAborted(options?.signal)
    this.#flushes++
    this.#linger.hurry(true)
    try {
      const outcomes: Promise<unknown>[] = []
      for (const topic of this.#topics.values()) {
        for (const send of topic.waitingSends()) outcomes.push(send.whenSettled())
        for (const lane of topic.lanes) {
          for (const batch of lane.unsettled()) outcomes.push(batch.whenSettled())
          lane.due()
        }
      }
      await orAborted(Promise.all(outcomes), options?.signal)
    } finally {
      this.#flushes--
      this.#linger.hurry(this.#flushes > 0)
    }
  }

  /**
   * Takes no more records, flushes, and disconnects. After `timeoutMs`, if given, records that are not acknowledged
   * fail with CLOSED. Never throws; calling it again waits for the same end.
   */
  async close(options?: { timeoutMs?: number }): Promise<void> {
    this.#isClosing = true
    const late = new AbortController()
    const { timeoutMs } = options ?? {}
    const timer =
      timeoutMs === undefined ? undefined : this.#client.surroundings.afterIdle(timeoutMs, () => late.abort())
    await this.flush(timeoutMs === undefined ? undefined : { signal: late.signal }).catch(() => {})
    timer?.cancel()
    this.#end(new TailraceError('CLOSED'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What a codec refuses rejects the promise, as any other refusal of a record does. */
  #encoded<Result>(records: number, send: () => Promise<Result>): Promise<Result> {
    try {
      return send()
    } catch (error) {
      this.#counts.failedRecords += records
      return Promise.reject(TailraceError.from(error))
    }
  }

  #offer(topic: string, send: Send): void {
    try {
      if (this.#isClosing) throw this.#ended.signal.reason ?? new TailraceError('CLOSED')
      this.#lanesOf(topic).offer(send)
    } catch (error) {
      send.stop(TailraceError.from(error))
    }
  }

  #lanesOf(topic: string): TopicLanes {
    const known = this.#topics.get(topic)
    if (known !== undefined) return known
    checkTopicName(topic)
    const lanes = new TopicLanes(topic, this.#context)
    this.#topics.set(topic, lanes)
    return lanes
  }

  #makeContext(): TopicContext {
    const hasRoom = () => this.#hasRoom()
    return {
      client: this.#client,
      settings: this.#settings,
      counts: this.#counts,
      ended: this.#ended.signal,
      get hasRoom() {
        return hasRoom()
      },
      identity: () => this.#sharedIdentity(),
      newIdentity: () => this.#newIdentity(),
      linger: (lane, batch) => {
        const isAlone = !this.#settings.lingersAlone && batch.bufferedBytes === this.#bufferedBytes
        this.#linger.add(lane, batch, isAlone)
      },
      buffer: (bytes) => this.#buffer(bytes),
      wait: (sends) => this.#wait(sends),
    }
  }

  #hasRoom(): boolean {
    return this.#bufferedBytes < this.#settings.maxBufferedBytes
  }

  #buffer(bytes: number): void {
    this.#bufferedBytes += bytes
    if (bytes < 0 && this.#hasRoom()) this.#resume()
  }

  #wait(sends: number): void {
    const { maxWaitingSends } = this.#settings
    if (sends > 0 && this.#waitingSends >= maxWaitingSends) {
      throw new TailraceError('OVERLOADED', `${maxWaitingSends} sends are waiting; await some of them, or ready().`)
    }
    this.#waitingSends += sends
    if (sends < 0) this.#wakeReady()
  }

  /** Continues waiting sends of all topics. A send that fails frees memory and calls this again, hence the guard. */
  #resume(): void {
    if (this.#isResuming) return
    this.#isResuming = true
    if (this.#waitingSends > 0) for (const topic of this.#topics.values()) topic.resume()
    this.#isResuming = false
    this.#wakeReady()
  }

  #wakeReady(): void {
    if (this.#forRoom.length === 0 || !this.#hasRoom() || this.#waitingSends > 0) return
    for (const wake of this.#forRoom.splice(0)) wake()
  }

  /** The identity that all lanes start with, asked for once. */
  async #sharedIdentity(): Promise<Identity> {
    this.#identity ??= this.#newIdentity(this.#settings.deliveryTimeoutMs)
    try {
      return await this.#identity
    } catch (error) {
      this.#identity = undefined
      throw error
    }
  }

  async #newIdentity(timeoutMs = IDENTITY_TIMEOUT_MS): Promise<Identity> {
    const { fields } = await this.#client.call('InitProducer', {}, { timeoutMs, signal: this.#ended.signal })
    return { producerId: fields.producerId, epoch: fields.epoch }
  }

  #end(error: TailraceError): void {
    this.#isClosing = true
    if (this.#ended.signal.aborted) return
    this.#ended.abort(error)
    for (const topic of this.#topics.values()) topic.end(error)
    this.#linger.close()
    this.#client.close()
    for (const wake of this.#forRoom.splice(0)) wake()
  }
}
