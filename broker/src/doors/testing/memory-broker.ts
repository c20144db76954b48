import {
  baseSequenceAt,
  type ErrorCode,
  lastOffsetDeltaAt,
  type Offset,
  type PartitionNumber,
  type Position,
  placeBatch,
  producerIdAt,
  TailraceError,
} from '@tailrace/schemas'
import type {
  Asker,
  BrokerApi,
  CreateTopicRequest,
  OffsetSearch,
  ReadRequest,
  TopicConfig,
} from '../../api/broker-api.ts'
import { refuseAnother } from '../../cluster/metadata/required-topic.ts'
import type { FetchResult, PublishCondition, PublishResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'

/** The seal of every token here. */
const seal = '00112233aabbccdd'

interface Stored {
  readonly base: Offset
  readonly last: Offset
  readonly bytes: Uint8Array
  readonly producer: string
}
interface Partition {
  readonly batches: Stored[]
  end: Offset
  /** Records before it are gone. */
  logStart?: Offset
  /** The highest fencing token. */
  fence?: number
  readonly waiting: Set<() => void>
}

/**
 * A broker for the gateway's tests: one process's memory, no replication, failures on demand. Not part of a published
 * package.
 */
export class MemoryBroker implements BrokerApi {
  readonly brokerId = 1
  readonly topics = new Map<string, { id: string; config: TopicConfig; replicas: number; partitions: Partition[] }>()
  readonly leadership = new Set<(topic: string, partition: PartitionNumber) => void>()
  /** Answers to come, in order, before real ones; 'lost': done, but the caller gets OUTCOME_UNKNOWN. */
  readonly publishFailures: (ErrorCode | 'lost')[] = []
  readonly fetchFailures: ErrorCode[] = []
  readonly findFailures: ErrorCode[] = []
  /** While set, requests for a position are not answered. */
  findGate: Promise<void> | null = null
  /** While set, publishes are appended and not acknowledged. */
  gate: Promise<void> | null = null
  ready = { ready: true, reason: 'ready' }
  aborted = 0
  /** Its own replicas answer with this error. */
  replicaFailure: ErrorCode | null = null
  /** The request of the last fetch. */
  lastFetch: ReadRequest | null = null
  lastSearch: { readonly linearizable: boolean } | null = null
  fetches = 0
  publishes = 0
  producers = 0
  /** Of the list of topics. */
  version = 1
  readonly #clock: Clock
  readonly #created = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  publish(
    topic: string,
    partition: PartitionNumber,
    batch: Uint8Array,
    { topicId, condition = {} }: { topicId?: string; condition?: PublishCondition | undefined } = {},
  ): Promise<PublishResult> {
    this.publishes++
    const failure = this.publishFailures.shift()
    if (failure !== undefined && failure !== 'lost') return Promise.reject(new TailraceError(failure))
    let place: PublishResult
    try {
      place = this.#append(this.#partition(topic, partition, topicId), batch, condition)
    } catch (error) {
      return Promise.reject(error)
    }
    if (failure === 'lost') return Promise.reject(new TailraceError('OUTCOME_UNKNOWN'))
    return (this.gate ?? Promise.resolve()).then(() => place)
  }

  async fetch(topic: string, number: PartitionNumber, request: ReadRequest): Promise<FetchResult> {
    this.fetches++
    this.lastFetch = request
    const failure = this.fetchFailures.shift()
    if (failure !== undefined) throw new TailraceError(failure)
    if (request.replica && this.replicaFailure !== null) throw new TailraceError(this.replicaFailure)
    const partition = this.#partition(topic, number, request.topicId)
    // Entries count batches here: the token's must be there, with term 1.
    const { token } = request
    if (token !== undefined && token.seal !== seal) throw new TailraceError('INVALID_REQUEST', 'token')
    if (token !== undefined && (token.term !== 1 || token.index > partition.batches.length))
      throw new TailraceError('NOT_CAUGHT_UP', `${token.term}-${token.index}`)
    const { logStart = 0 } = partition
    if (request.offset > partition.end || request.offset < logStart)
      throw new TailraceError('OFFSET_OUT_OF_RANGE', `${request.offset}: ${logStart} to ${partition.end}`)
    if (request.offset === partition.end && request.waitMs > 0) await this.#wait(partition, request)
    this.#partition(topic, number, request.topicId)
    const chosen: Uint8Array[] = []
    let bytes = 0
    let nextOffset = request.offset
    for (const stored of partition.batches) {
      if (stored.last < request.offset) continue
      if (chosen.length > 0 && bytes + stored.bytes.length > request.maxBytes) break
      chosen.push(stored.bytes)
      bytes += stored.bytes.length
      nextOffset = stored.last + 1
    }
    return { batches: chosen, bytes, nextOffset, highWatermark: partition.end, logStart }
  }

  async findOffset(
    topic: string,
    number: PartitionNumber,
    position: Position,
    { topicId, linearizable = false }: OffsetSearch = {},
  ) {
    this.lastSearch = { linearizable }
    const failure = this.findFailures.shift()
    if (failure !== undefined) throw new TailraceError(failure)
    await this.findGate
    const { end, logStart = 0 } = this.#partition(topic, number, topicId)
    const offset = position.kind === 'LATEST' ? end : position.kind === 'OFFSET' ? position.value : logStart
    if (offset > end || offset < logStart)
      throw new TailraceError('OFFSET_OUT_OF_RANGE', `${offset}: ${logStart} to ${end}`)
    return { offset, highWatermark: end, logStart }
  }

  async initProducer(_asker?: Asker | null) {
    return { producerId: 100 + this.producers++, epoch: 0 }
  }

  async createTopic({ name, partitions, replicas, config = {} }: CreateTopicRequest) {
    if (this.topics.has(name)) throw new TailraceError('TOPIC_EXISTS', name)
    const made = Array.from({ length: partitions }, () => ({ batches: [], end: 0, waiting: new Set<() => void>() }))
    const times = (this.#created.get(name) ?? 0) + 1
    this.#created.set(name, times)
    this.version++
    const id = times === 1 ? `id-${name}` : `id-${name}-${times}`
    this.topics.set(name, { id, config, replicas, partitions: made })
    return { name, id, partitions, replicas, config }
  }

  /** Tells what follows the topic, as brokers do. */
  addPartitions(name: string, partitions: number, topicId?: string) {
    const { id, config, replicas, partitions: present } = this.#topic(name)
    refuseAnother(name, id, topicId)
    if (partitions < present.length) throw new TailraceError('INVALID_PARTITIONS')
    while (present.length < partitions) {
      present.push({ batches: [], end: 0, waiting: new Set() })
      for (const tell of [...this.leadership]) tell(name, present.length - 1)
    }
    this.version++
    return { name, id, partitions, replicas, config }
  }

  async deleteTopic(name: string, topicId?: string) {
    const topic = this.#topic(name)
    refuseAnother(name, topic.id, topicId)
    this.topics.delete(name)
    this.version++
    for (const { waiting } of topic.partitions) for (const wake of [...waiting]) wake()
  }

  listTopics() {
    return [...this.topics].map(([name, { id, config, replicas, partitions }]) => ({
      name,
      id,
      partitions: partitions.length,
      replicas,
      config,
    }))
  }

  topicsVersion() {
    return this.version
  }

  topicIdOf(name: string) {
    return this.topics.get(name)?.id
  }

  async describeTopic(name: string, topicId?: string, _asker?: Asker) {
    const { id, config, partitions } = this.#topic(name)
    refuseAnother(name, id, topicId)
    const replicas = [1]
    return {
      name,
      id,
      config,
      partitions: partitions.map(({ end }, partition) => ({
        partition,
        leader: 1,
        term: 1,
        replicas,
        inSync: replicas,
        logStart: 0,
        highWatermark: end,
      })),
    }
  }

  routing(topics: readonly string[]) {
    const known = topics.filter((name) => this.topics.has(name))
    return {
      clusterId: 'test-cluster',
      brokers: [{ id: 1, http: '127.0.0.1:1', alive: true }],
      topics: known.map((name) => ({
        name,
        id: this.#topic(name).id,
        maxBatchBytes: this.#topic(name).config.maxBatchBytes,
        partitions: this.#topic(name).partitions.map((_, partition) => ({
          partition,
          leader: 1,
          term: 1,
          replicas: [1],
        })),
      })),
    }
  }

  async describeCluster() {
    const broker = { id: 1, http: '127.0.0.1:1', peer: '127.0.0.1:2', level: 0, alive: true, pid: 7 }
    return { clusterId: 'test-cluster', metadataLeader: 1, brokers: [broker] }
  }

  readiness() {
    return this.ready
  }

  onLeadership(listener: (topic: string, partition: PartitionNumber) => void) {
    this.leadership.add(listener)
    return () => void this.leadership.delete(listener)
  }

  #topic(name: string) {
    const topic = this.topics.get(name)
    if (topic === undefined) throw new TailraceError('UNKNOWN_TOPIC', name)
    return topic
  }

  #partition(name: string, number: PartitionNumber, topicId = ''): Partition {
    const { id, partitions } = this.#topic(name)
    if (topicId !== '' && topicId !== id) throw new TailraceError('TOPIC_ID_MISMATCH', `${id}, not ${topicId}`)
    const partition = partitions[number]
    if (partition === undefined) throw new TailraceError('UNKNOWN_PARTITION', `${number}`)
    return partition
  }

  /** Drops batches of a producer that it has seen, as the broker does (a sequence that is known). */
  #append(partition: Partition, batch: Uint8Array, condition: PublishCondition): PublishResult {
    if (batch.length === 0) {
      this.#judge(partition, condition)
      return { baseOffset: partition.end, lastOffset: partition.end - 1, duplicate: false }
    }
    const producer = `${producerIdAt(batch, 0)}/${baseSequenceAt(batch, 0)}`
    const known = producer.startsWith('-1')
      ? undefined
      : partition.batches.find((stored) => stored.producer === producer)
    if (known !== undefined) {
      const token = { term: 1, index: partition.batches.indexOf(known) + 1, seal }
      return { baseOffset: known.base, lastOffset: known.last, duplicate: true, token, holders: [1] }
    }
    this.#judge(partition, condition)
    const base = partition.end
    const last = base + lastOffsetDeltaAt(batch, 0)
    placeBatch(batch, 0, base, 1)
    partition.batches.push({ base, last, bytes: batch, producer })
    partition.end = last + 1
    for (const wake of [...partition.waiting]) wake()
    const token = { term: 1, index: partition.batches.length, seal }
    return { baseOffset: base, lastOffset: last, duplicate: false, token, holders: [1] }
  }

  #judge(partition: Partition, { expectedOffset, fence }: PublishCondition): void {
    const { end: endOffset, fence: highest = -1 } = partition
    if (fence !== undefined && fence < highest) throw new TailraceError('FENCED', undefined, { fence: highest })
    if (expectedOffset !== undefined && expectedOffset !== endOffset) {
      throw new TailraceError('WRONG_EXPECTED_OFFSET', undefined, { endOffset })
    }
    if (fence !== undefined) partition.fence = fence
  }

  #wait(partition: Partition, { waitMs, signal }: ReadRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        timer.cancel()
        partition.waiting.delete(done)
        resolve()
      }
      const timer = this.#clock.after(waitMs, done)
      partition.waiting.add(done)
      signal?.addEventListener('abort', () => {
        this.aborted++
        timer.cancel()
        partition.waiting.delete(done)
        reject(new TailraceError('ABORTED'))
      })
    })
  }
}
