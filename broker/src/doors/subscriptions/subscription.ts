import type { PartitionNumber } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { refuseAnother } from '../../cluster/metadata/required-topic.ts'
import type { FetchResult } from '../../partition/requests.ts'
import type { TimerHandle } from '../../platform/clock.ts'
import { noLongerWanted } from '../limits/no-longer-wanted.ts'
import { RetryPause } from '../limits/retry-pause.ts'
import { Delivery } from '../standing/delivery.ts'
import type { StandingReader } from '../standing/partition-end.ts'
import { Beginnings } from './beginnings.ts'
import { FetchCredit } from './fetch-credit.ts'
import { addedReaders, boundsAround, chooseReaders, isSettled, type PartitionReader } from './partition-reader.ts'
import { QuotaPause } from './quota-pause.ts'
import type { SubscriptionParts, SubscriptionRequest } from './subscription-parts.ts'
import type { OutOfRange } from './subscription-sink.ts'

const maxWaitMs = 30_000
/** Errors that are about all partitions. */
const ofTheTopic: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC', 'TOPIC_ID_MISMATCH', 'TOPIC_NOT_COPIED'])
/** A partition without a leader holds up the others no longer than this. */
const resolveGraceMs = 3_000

/**
 * Follows the partitions of a topic and pushes committed records, as long as the subscriber has credit and reads. No
 * records are kept for a slow subscriber: records that cannot be sent are dropped and fetched again later, so a
 * subscription costs only the memory of its positions. Fetches of partitions that lag take turns, and each sets credit
 * aside; a partition at its end waits without, and together with all subscribers that stand there.
 */
export class Subscription {
  readonly topic: string
  #partitionCount: number
  /** Partitions that the topic gets later are followed, too. */
  readonly #followsAll: boolean
  readonly #beginnings: Beginnings
  readonly #parts: SubscriptionParts
  /** A subscription follows one topic, and ends when the name goes to another topic. */
  readonly #topicId: string
  readonly #fromReplica: boolean
  readonly #readers: PartitionReader[]
  readonly #credit: FetchCredit
  readonly #quota: QuotaPause
  /** Of fetches under way; null before the first. */
  #abort: AbortController | null = null
  readonly #stopListening: () => void
  #queue: PartitionReader[] = []
  #announced = false
  #grace: TimerHandle | null = null
  #closed = false

  /** Throws UNKNOWN_TOPIC, TOPIC_ID_MISMATCH or UNKNOWN_PARTITION. Nothing happens before `start`. */
  constructor(request: SubscriptionRequest, parts: SubscriptionParts) {
    this.#parts = parts
    this.topic = request.topic
    this.#fromReplica = request.replica === true
    this.#credit = new FetchCredit(request.credit)
    this.#quota = new QuotaPause(parts.client.sender.quotas, parts.clock, () => this.#pump())
    const topic = parts.api.routing([request.topic]).topics[0]
    if (topic === undefined) throw new TailraceError('UNKNOWN_TOPIC', `"${request.topic}".`)
    refuseAnother(topic.name, topic.id, request.topicId)
    this.#topicId = topic.id
    this.#readers = chooseReaders(request, topic, () => this.#newPause())
    this.#partitionCount = this.#readers.length
    this.#followsAll = request.others ?? request.partitions.length === 0
    const atTheEnd = this.#readers.filter(({ position }) => position.kind === 'LATEST')
    this.#beginnings = new Beginnings(atTheEnd.map(({ partition }) => partition))
    this.#stopListening = parts.api.onLeadership((topic, partition) => this.#onLeadership(topic, partition))
  }

  /** Those that count against the limit of the connection. */
  get partitionCount(): number {
    return this.#partitionCount
  }

  /**
   * Resolves when the partition (null: each) that begins at the end has begun, and records published from then on are
   * delivered; null: it has.
   */
  untilBegun(partition: PartitionNumber | null): Promise<void> | null {
    return this.#beginnings.until(partition)
  }

  start(): void {
    this.#grace = this.#parts.clock.after(resolveGraceMs, () => this.#announce())
    for (const reader of this.#readers) this.#resolve(reader)
  }

  /** More bytes may be sent. */
  grant(bytes: number): void {
    this.#credit.grant(bytes)
    this.#pump()
  }

  /** There is room to send again. */
  wake(): void {
    this.#pump()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#beginnings.end()
    this.#stopListening()
    this.#grace?.cancel()
    this.#quota.cancel()
    for (const reader of this.#readers) {
      reader.pause.cancel()
      if (reader.standing !== null) reader.end?.leave(reader.standing)
      reader.end = null
    }
    this.#queue = []
    this.#abort?.abort(noLongerWanted)
  }

  #resolve(reader: PartitionReader): void {
    reader.state = 'busy'
    const found = this.#parts.api
      .findOffset(this.topic, reader.partition, reader.position, { topicId: this.#topicId })
      .then(
        ({ offset, highWatermark }) => {
          if (this.#closed) return
          reader.offset = offset
          reader.highWatermark = Math.max(reader.highWatermark, highWatermark)
          reader.resolved = true
          this.#beginnings.known(reader.partition)
          reader.pause.reset()
          this.#enqueue(reader)
          if (this.#announced) this.#parts.sink.subscribed([reader], this.#topicId)
          else if (this.#readers.every(isSettled)) this.#announce()
          this.#pump()
        },
        (error) => this.#onFailure(reader, error),
      )
    found.catch((error) => this.#parts.client.fault(error))
  }

  /** Only now may records flow: the subscriber knows their start. */
  #announce(): void {
    if (this.#announced || this.#closed) return
    this.#announced = true
    this.#grace?.cancel()
    const resolved = this.#readers.filter((reader) => reader.resolved)
    this.#parts.sink.subscribed(resolved, this.#topicId)
    this.#pump()
  }

  #enqueue(reader: PartitionReader): void {
    reader.state = 'queued'
    this.#queue.push(reader)
  }

  /** Starts fetches while there is credit, room and a turn to take. */
  #pump(): void {
    if (!this.#announced || this.#closed) return
    const turns = this.#queue.length
    for (let turn = 0; turn < turns && this.#credit.left > 0 && this.#parts.client.roomy; turn++) {
      if (this.#quota.mustWait()) return
      const reader = this.#queue.shift()!
      const lags = reader.offset < reader.highWatermark
      if (lags && this.#credit.isBusy) this.#queue.push(reader)
      else if (lags || !this.#stand(reader)) this.#fetch(reader, lags)
    }
  }

  /** False: it must fetch by itself. */
  #stand(reader: PartitionReader): boolean {
    if (reader.askLeader || reader.alone) return false
    reader.standing ??= this.#standing(reader)
    const { partition } = reader
    const place = { topic: this.topic, topicId: this.#topicId, partition, replica: this.#fromReplica }
    reader.end = this.#parts.ends.stand(place, reader.standing)
    if (reader.end === null) return false
    reader.state = 'standing'
    return true
  }

  #standing(reader: PartitionReader): StandingReader {
    return {
      get offset() {
        return reader.offset
      },
      deliver: (delivery) => {
        const stays = this.#deliver(reader, delivery)
        if (!stays) reader.end = null
        return stays
      },
      mayStay: () => this.#mayRead(reader),
      fault: (error) => this.#parts.client.fault(error),
      dismiss: (error) => {
        reader.end = null
        if (this.#closed) return
        if (error === null) this.#readAlone(reader)
        else if (this.#fromReplica) this.#turnToLeader(reader)
        else this.#onFailure(reader, error)
      },
    }
  }

  /** False: it has lost its right to read, and been told. */
  #mayRead(reader: PartitionReader): boolean {
    try {
      this.#parts.checkRead(this.topic)
      return true
    } catch (error) {
      reader.end = null
      this.#onFailure(reader, error)
      return false
    }
  }

  /** True: it stands behind what was found. */
  #deliver(reader: PartitionReader, delivery: Delivery): boolean {
    if (this.#closed || !this.#mayRead(reader)) return false
    const { found } = delivery
    reader.pause.reset()
    if (found.nextOffset <= reader.offset && found.highWatermark <= reader.highWatermark) return true
    reader.highWatermark = Math.max(reader.highWatermark, found.highWatermark)
    const fits = this.#credit.left >= Math.max(found.bytes, 1) && this.#parts.client.roomy
    if (fits && !this.#quota.mustWait() && !this.#send(reader, delivery)) return false
    if (reader.offset === found.nextOffset) return true
    this.#enqueue(reader)
    this.#pump()
    return false
  }

  /** False: the reader has ended. */
  #send(reader: PartitionReader, delivery: Delivery): boolean {
    try {
      const taken = this.#parts.sink.records(reader.partition, delivery)
      this.#credit.spend(taken.bytes)
      this.#parts.client.sender.quotas.spend('fetchBytesPerSecond', taken.bytes)
      reader.offset = taken.nextOffset
      return true
    } catch (error) {
      // A batch that cannot be shown (as JSON) cannot be shown later either.
      this.#end(reader, TailraceError.concealed(error))
      return false
    }
  }

  #readAlone(reader: PartitionReader): void {
    reader.alone = true
    this.#enqueue(reader)
    this.#pump()
  }

  #fetch(reader: PartitionReader, lags: boolean): void {
    const { api, clock, client, sink } = this.#parts
    const wanted = this.#credit.share(sink.fetchBytes, this.#queue.length)
    const maxBytes = lags ? client.reads.take(wanted) : wanted
    reader.state = 'busy'
    if (lags) {
      reader.reserved = maxBytes
      this.#credit.reserve(maxBytes)
    }
    const started = clock.monotonic()
    const replica = this.#fromReplica && !reader.askLeader
    this.#abort ??= new AbortController()
    const [topicId, { signal }] = [this.#topicId, this.#abort]
    const request = { offset: reader.offset, maxBytes, waitMs: maxWaitMs, replica, topicId, signal }
    const fetched = api.fetch(this.topic, reader.partition, request).then(
      (result) => {
        this.#unreserve(reader, lags)
        this.#onResult(reader, result, clock.monotonic() - started, lags)
      },
      (error) => {
        this.#unreserve(reader, lags)
        if (replica) this.#turnToLeader(reader)
        else this.#onFailure(reader, error)
      },
    )
    fetched.catch((error) => client.fault(error))
  }

  /**
   * The replica here is behind, damaged or gone. The next answer comes from the leader; after that the replica is tried
   * again.
   */
  #turnToLeader(reader: PartitionReader): void {
    if (this.#closed) return
    reader.askLeader = true
    this.#enqueue(reader)
    this.#pump()
  }

  #unreserve(reader: PartitionReader, lags: boolean): void {
    if (!lags) return
    this.#parts.client.reads.release(reader.reserved)
    this.#credit.release(reader.reserved)
    reader.reserved = 0
  }

  #onResult(reader: PartitionReader, found: FetchResult, waitedMs: number, lagged: boolean): void {
    if (this.#closed) return
    const isNews = found.nextOffset > reader.offset || found.highWatermark > reader.highWatermark
    reader.askLeader = false
    reader.alone = false
    // A replica, or a leader that was deposed and does not know that, may be behind the high watermark told before;
    // committed records stay committed.
    reader.highWatermark = Math.max(reader.highWatermark, found.highWatermark)
    const result = { ...found, highWatermark: reader.highWatermark }
    // An empty answer before its time would be requested again at once, without end: treat it like a failure.
    if (!isNews && waitedMs < maxWaitMs / 2) {
      this.#rest(reader)
      return
    }
    reader.pause.reset()
    // While the quota is used up, what comes at the end of a partition is fetched again later.
    if (isNews && this.#credit.remains && this.#parts.client.roomy && (lagged || !this.#quota.isOn)) {
      if (!this.#send(reader, new Delivery(result, reader.offset))) return
    }
    this.#enqueue(reader)
    this.#pump()
  }

  #onFailure(reader: PartitionReader, error: unknown): void {
    if (this.#closed) return
    // A mistake of the broker, INTERNAL, is retriable: the subscription goes on.
    const known = TailraceError.concealed(error)
    if (known.retriable) this.#rest(reader)
    else if (known.code === 'OFFSET_OUT_OF_RANGE') void this.#endOutOfRange(reader, known)
    else this.#end(reader, known)
  }

  /** Reports the bounds of the partition, so that the subscriber knows how many records it misses. */
  async #endOutOfRange(reader: PartitionReader, error: TailraceError): Promise<void> {
    const place = { topic: this.topic, topicId: this.#topicId, partition: reader.partition }
    const range = await boundsAround(this.#parts.api, place, reader.resolved ? reader.offset : reader.position.value)
    if (!this.#closed) this.#end(reader, error, range)
  }

  /** Tries again later, or as soon as leadership moves. */
  #rest(reader: PartitionReader): void {
    reader.state = 'pausing'
    reader.pause.schedule(() => this.#retry(reader))
    this.#pump()
  }

  #retry(reader: PartitionReader): void {
    if (!reader.resolved) {
      this.#resolve(reader)
      return
    }
    this.#enqueue(reader)
    this.#pump()
  }

  #onLeadership(topic: string, partition: PartitionNumber): void {
    if (topic !== this.topic || this.#closed) return
    if (this.#followsAll && partition >= this.#readers.length) this.#followAdded()
    const reader = this.#readers.find((candidate) => candidate.partition === partition)
    if (reader?.state !== 'pausing') return
    reader.pause.cancel()
    this.#retry(reader)
  }

  #followAdded(): void {
    const topic = this.#parts.api.routing([this.topic]).topics[0]
    if (topic?.id !== this.#topicId) return
    for (const reader of addedReaders(this.#readers.length, topic, () => this.#newPause())) {
      this.#readers.push(reader)
      if (!this.#parts.client.subscriptions.addPartition()) {
        this.#end(reader, new TailraceError('TOO_MANY_SUBSCRIPTIONS', 'The topic has got more partitions.'))
        continue
      }
      this.#partitionCount++
      this.#resolve(reader)
    }
  }

  #newPause(): RetryPause {
    return new RetryPause(this.#parts.clock, this.#parts.random)
  }

  #end(reader: PartitionReader, error: TailraceError, range?: OutOfRange): void {
    reader.state = 'ended'
    this.#beginnings.known(reader.partition)
    const isOver = ofTheTopic.has(error.code)
    this.#parts.sink.ended(isOver ? null : reader.partition, error, range)
    if (isOver || this.#readers.every((other) => other.state === 'ended')) {
      this.close()
      this.#parts.onEnd()
      return
    }
    if (!this.#announced && this.#readers.every(isSettled)) this.#announce()
    else this.#pump()
  }
}
