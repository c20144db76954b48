import { type Client, type Connection, delay, retryBackoff, type TopicRoute } from '@tailrace/client'
import {
  type Backoff,
  type Message,
  type PartitionNumber,
  type RecordInput,
  readTokenText,
  TailraceError,
} from '@tailrace/schemas'
import type { Batch, Settler } from './batch.ts'
import type { ProducerCounts } from './counters.ts'
import type { Identity } from './identity.ts'
import { LaneQueue } from './lane-queue.ts'
import { OpenBatch } from './open-batch.ts'
import type { ProducerSettings } from './options.ts'
import type { Condition } from './publish-parts/condition.ts'
import { halves } from './split-batch.ts'
import { judge } from './verdict.ts'

/** What a lane needs of the producer that it belongs to. */
export interface LaneContext {
  readonly client: Client
  readonly settings: ProducerSettings
  readonly counts: ProducerCounts
  /** Aborted with the error that everything unsettled shall fail with. */
  readonly ended: AbortSignal
  /** Asks the cluster for an identity that no producer has had. */
  newIdentity(): Promise<Identity>
  /** Calls `lane.due(batch)` when the batch has lingered. */
  linger(lane: Lane, batch: Batch): void
  /** Takes (or, negative, gives back) bytes of the memory allowance. */
  buffer(bytes: number): void
}

/** A broker answers within the time it is given; its answer needs a little longer to arrive. */
const ANSWER_GRACE_MS = 1_000
/** How long a lane uses a forwarding broker before it tries the leader's own address again. */
const RETRY_DIRECT_MS = 5_000
/** Brokers forget a producer that has been idle for a day, and then take any sequence of it for its first. */
const WARM_MS = 3_600_000

/**
 * Sends one partition's records to its leader: batches leave in order, several at a time, on one connection at a time.
 *
 * When anything goes wrong with one of them the lane sends nothing more until all batches in flight have been answered
 * or given up. Then it looks for the leader again and sends everything that is not acknowledged once more, in order, as
 * the same bytes under the same sequences. A broker knows the last five batches of a producer, answers those it has
 * with their old offsets, and refuses any that would leave a gap (Kafka: KIP-98; ProducerAppendInfo). So no record is
 * twice in the log or out of order, whatever got lost.
 */
export class Lane {
  readonly partition: PartitionNumber
  readonly #topic: TopicRoute
  readonly #context: LaneContext
  readonly #open: OpenBatch
  readonly #queue: LaneQueue
  readonly #backoff: Backoff
  readonly #monotonic: () => number
  #connection: Connection | undefined
  #metadataVersion = -1
  #rerouteAt = Number.POSITIVE_INFINITY
  #isDue = false
  /** Nothing is sent until all batches in flight have an outcome. */
  #isDraining = false
  #isRecovering = false
  #lastError: TailraceError | undefined
  #lastAcknowledgedAt = Number.NEGATIVE_INFINITY
  #sealed = 0
  #sealedBytes = 0

  /** `topic`: the topic that it serves; another topic that gets the name has lanes of its own. */
  constructor(context: LaneContext, topic: TopicRoute, partition: PartitionNumber, identity: Identity) {
    this.#context = context
    this.#topic = topic
    this.partition = partition
    const { surroundings } = context.client
    this.#backoff = retryBackoff(surroundings)
    this.#monotonic = surroundings.monotonic
    this.#open = new OpenBatch(partition, context.settings, surroundings)
    this.#queue = new LaneQueue(identity)
  }

  /** Counts up with every batch that stops taking records. */
  get sealedBatches(): number {
    return this.#sealed
  }

  /** Bytes of the records of these batches, before compression. */
  get sealedBytes(): number {
    return this.#sealedBytes
  }

  /** Whether batches pile up here: the leader is away or slow. */
  get isCongested(): boolean {
    return this.#isDraining || this.#queue.hasUnsent
  }

  /** Batches that were sent and have no answer yet. */
  get inFlight(): number {
    return this.#queue.inFlight
  }

  /** Adds a record. @throws TailraceError BATCH_TOO_LARGE, INVALID_RECORD: this record alone */
  append(record: RecordInput, settler: Settler, position: number): void {
    if (this.#open.mustClose(record)) this.#seal()
    const wasEmpty = this.#open.isEmpty
    this.#context.buffer(this.#open.append(record, settler, position))
    if (this.#open.isFull) {
      this.#seal()
      this.#pump()
    } else if (wasEmpty) {
      this.#context.linger(this, this.#open.current!)
    }
  }

  /** Adds a batch of these records alone. @throws TailraceError BATCH_TOO_LARGE, INVALID_RECORD: none is added */
  appendTogether(records: readonly RecordInput[], condition: Condition, settler: Settler): void {
    if (!this.#open.isEmpty) this.#seal()
    this.#context.buffer(this.#open.appendAll(records, settler))
    this.#open.current!.condition = condition
    this.#seal()
    this.#pump()
  }

  /** Lets the open batch (only this one, if one is named) leave as soon as it can, full or not. */
  due(batch = this.#open.current): void {
    if (batch === undefined || batch !== this.#open.current) return
    this.#isDue = true
    this.#pump()
  }

  /** Batches whose outcome is open. */
  unsettled(): Batch[] {
    const batches = this.#queue.waiting()
    if (this.#open.current !== undefined) batches.push(this.#open.current)
    return batches
  }

  /** Fails everything whose outcome is open. */
  end(error: TailraceError): void {
    for (const batch of this.unsettled()) {
      if (batch === this.#open.current) this.#open.discard()
      this.#fail(batch, error)
    }
  }

  /**
   * The topic is gone and another one has its name: nothing more is sent here. Returns the batches that are not
   * acknowledged, oldest first.
   */
  retire(): Batch[] {
    const batches = this.unsettled()
    if (!this.#open.isEmpty) this.#open.discard()
    this.#queue.clear()
    return batches
  }

  #seal(): void {
    this.#isDue = false
    this.#sealed++
    this.#sealedBytes += this.#open.bytes
    const batch = this.#open.current!
    try {
      this.#queue.push(this.#open.close(this.#queue.identity, this.#queue.nextSequence))
    } catch (error) {
      this.#fail(batch, TailraceError.from(error))
    }
  }

  #pump(): void {
    if (this.#isRecovering || this.#isDraining) return
    if (!this.#queue.hasWaiting && (!this.#isDue || this.#open.isEmpty)) return
    const now = this.#monotonic()
    // A producer that brokers may not know sends one batch and waits: a broker that does not know it would take any
    // sequence (KIP-360).
    const limit = now - this.#lastAcknowledgedAt < WARM_MS ? this.#context.settings.maxInFlight : 1
    for (;;) {
      const { hasUnsent } = this.#queue
      // Asked after hasUnsent, which skips batches that need no sending: those count, too.
      if (this.#queue.sent >= limit) return
      if (!hasUnsent) {
        if (!this.#isDue || this.#open.isEmpty) return
        this.#seal()
        continue
      }
      if (this.#mustReroute(now) || this.#queue.nextUnsent.state === 'gap') {
        this.#drain()
        return
      }
      this.#transmit(this.#queue.takeUnsent())
    }
  }

  /** Whether the connection is gone, or no longer the best one. */
  #mustReroute(now: number): boolean {
    if (!this.#connection?.isOpen) return true
    const { metadata } = this.#context.client
    if (metadata.version === this.#metadataVersion && now < this.#rerouteAt) return false
    const isIndirect = this.#rerouteAt !== Number.POSITIVE_INFINITY
    this.#metadataVersion = metadata.version
    if (isIndirect && now < this.#rerouteAt) return false
    const leader = metadata.leaderAddress(this.#topic.name, this.partition)
    return leader !== undefined && leader !== this.#connection.address
  }

  #transmit(batch: Batch): void {
    this.#context.counts.inFlight++
    if (batch.wasSent) this.#context.counts.retries++
    batch.wasSent = true
    batch.sentAsHead = this.#queue.isHead(batch)
    const age = this.#monotonic() - batch.createdAt
    const { requestTimeoutMs, deliveryTimeoutMs } = this.#context.settings
    const timeoutMs = Math.ceil(Math.max(1, Math.min(requestTimeoutMs, deliveryTimeoutMs - age)))
    const fields = { topic: this.#topic.name, partition: this.partition, timeoutMs, topicId: this.#topic.id }
    const answerMs = timeoutMs + Math.min(timeoutMs, ANSWER_GRACE_MS)
    const options = { timeoutMs: answerMs, dropOnTimeout: true, body: [batch.bytes!] }
    const { condition } = batch
    const answer =
      condition === undefined
        ? this.#connection!.request('Publish', fields, options)
        : this.#connection!.request('PublishIf', { ...fields, expectedOffset: -1, fence: -1, ...condition }, options)
    answer.then(
      ({ fields }) => this.#acknowledged(batch, fields),
      (error) => this.#refused(batch, TailraceError.from(error)),
    )
  }

  #answered(): void {
    this.#queue.inFlight--
    this.#context.counts.inFlight--
  }

  #acknowledged(batch: Batch, fields: Message<'PublishReply'>): void {
    this.#answered()
    if (batch.state !== 'waiting') return // Failed meanwhile by the end of the producer.
    this.#lastAcknowledgedAt = this.#monotonic()
    this.#lastError = undefined
    this.#backoff.reset()
    const { baseOffset, term = 0, index = 0, seal = '', holders = [] } = fields
    const token = index === 0 ? null : readTokenText({ term, index, seal })
    const { counts } = this.#context
    counts.batches++
    counts.records += batch.count
    counts.bytes += batch.bytes!.length
    batch.acknowledge({ baseOffset, token, holders, topicId: this.#topic.id })
    this.#queue.dropAcknowledged()
    this.#context.buffer(-batch.bufferedBytes)
    this.#proceed()
  }

  #refused(batch: Batch, error: TailraceError): void {
    this.#answered()
    if (batch.state !== 'waiting') return
    const isDivisible = batch.count > 1 && batch.condition === undefined
    if (error.code === 'BATCH_TOO_LARGE' && isDivisible && !batch.outcomeUnknown) {
      this.#split(batch)
      return
    }
    const verdict = judge(batch, error, this.#monotonic())
    if (!verdict.definite) batch.outcomeUnknown = true
    batch.isRefused = batch.condition !== undefined && !verdict.retry && !batch.outcomeUnknown
    if (!verdict.retry) this.#fail(batch, verdict.shown ?? error)
    // A condition that does not hold is no reason to wait, or to look for another leader.
    if (!batch.isRefused) this.#lastError = error
    this.#drain()
  }

  /**
   * The topic's limit is below the one this producer was told: smaller batches fit, and later batches are made smaller
   * too.
   */
  #split(batch: Batch): void {
    this.#open.limit(Math.floor(batch.bytes!.length / 2), this.#monotonic())
    this.#queue.replace(batch, halves(batch))
    this.#drain()
  }

  #drain(): void {
    this.#isDraining = true
    this.#proceed()
  }

  #proceed(): void {
    if (!this.#isDraining) this.#pump()
    else if (this.#queue.inFlight === 0 && !this.#isRecovering) void this.#recover()
  }

  /**
   * Finds a way to the leader, then starts over with the oldest batch that is not acknowledged. Nothing is under way
   * meanwhile.
   */
  async #recover(): Promise<void> {
    this.#isRecovering = true
    while (!this.#context.ended.aborted) {
      this.#expire()
      if (!this.#queue.hasWaiting && this.#open.isEmpty) break
      try {
        if (this.#lastError !== undefined) {
          const { retryAfterMs = 0 } = this.#lastError
          const ms = Math.max(this.#backoff.next(), retryAfterMs)
          await delay(Math.min(ms, this.#untilExpiry()), this.#context.ended, this.#context.client.surroundings)
          await this.#context.client.refresh([this.#topic.name])
        }
        if (this.#queue.hasGapAtHead && !this.#queue.closeGap())
          this.#giveUp(this.#queue.renew(await this.#context.newIdentity()))
        const { connection, direct } = await this.#context.client.route(this.#topic.name, this.partition)
        this.#connection = connection
        this.#metadataVersion = this.#context.client.metadata.version
        this.#rerouteAt = direct ? Number.POSITIVE_INFINITY : this.#monotonic() + RETRY_DIRECT_MS
        break
      } catch (error) {
        this.#lastError = TailraceError.from(error)
        if (!this.#lastError.retriable) this.end(this.#lastError)
      }
    }
    this.#isRecovering = false
    this.#isDraining = false
    this.#queue.rewind()
    if (!this.#context.ended.aborted) this.#pump()
  }

  /** Milliseconds until the oldest batch has been tried for too long. */
  #untilExpiry(): number {
    const oldest = this.unsettled()[0]
    if (oldest === undefined) return Number.POSITIVE_INFINITY
    return Math.max(1, oldest.createdAt + this.#context.settings.deliveryTimeoutMs - this.#monotonic() + 1)
  }

  /** Fails batches that have been tried for too long. */
  #expire(): void {
    const now = this.#monotonic()
    const { deliveryTimeoutMs } = this.#context.settings
    const oldest = now - deliveryTimeoutMs
    // A record has the time limit of its batch: a late record must not join a batch that has little time left.
    if (now - (this.#open.current?.createdAt ?? now) > deliveryTimeoutMs / 4) this.#seal()
    for (const batch of this.unsettled()) {
      if (batch.createdAt > oldest) break
      const code = batch.outcomeUnknown ? 'OUTCOME_UNKNOWN' : 'TIMED_OUT'
      const detail = `Not acknowledged within deliveryTimeoutMs; last: ${this.#lastError?.message ?? 'no answer'}`
      const error = new TailraceError(code, detail, { cause: this.#lastError })
      if (batch === this.#open.current) this.#open.discard()
      this.#fail(batch, error)
    }
  }

  /**
   * Batches behind one of unknown outcome have an unknown outcome too: sent under a new identity they might be in the
   * log twice.
   */
  #giveUp(batches: readonly Batch[]): void {
    for (const batch of batches)
      this.#fail(batch, new TailraceError('OUTCOME_UNKNOWN', 'A batch before it has failed.'))
    this.#lastAcknowledgedAt = Number.NEGATIVE_INFINITY
  }

  #fail(batch: Batch, error: TailraceError): void {
    this.#context.counts.failedRecords += batch.count
    batch.fail(error)
    this.#context.buffer(-batch.bufferedBytes)
  }
}
