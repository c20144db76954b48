import { codecs } from '@tailrace/client'
import type { Message } from '@tailrace/schemas'
import * as schemas from '@tailrace/schemas'
import { PartitionLog, type StoredBatch } from './partition-log.ts'
import { TestBroker } from './test-broker.ts'
import { TestConsumerGroup } from './test-consumer-group.ts'
import type { Fault, World } from './world.ts'

interface TestTopic {
  readonly id: string
  readonly logs: PartitionLog[]
  readonly leaders: number[]
  readonly terms: number[]
}

/**
 * Brokers in this process that share their logs, as if replication never failed: clients see leaders that move,
 * connections that break and answers that do not come. Only the wire is like the real thing, and the rules by which
 * batches are accepted.
 */
export class TestCluster implements World {
  readonly brokers: TestBroker[] = []
  readonly cascades: TestBroker[] = []
  /** The brokers are of a version that tells of no levels. */
  isOld = false
  /** Asked for every Publish. */
  fault: ((broker: number, fields: Message<'Publish'>, body: Uint8Array) => Fault | undefined) | undefined
  /** Changes what one Records frame carries. */
  alterPush: ((batches: StoredBatch[]) => StoredBatch[] | 'drop connection' | undefined) | undefined
  /** Brokers that do not lead serve in any case. */
  forwards = false
  /** Clients may create topics. */
  mayCreate = true
  maxBatchBytes = 1_048_588
  maxPushBytes = 1_048_576
  /** Connections accepted, and bytes of batches pushed, since the start. */
  connections = 0
  pushedBytes = 0
  readonly #topics = new Map<string, TestTopic>()
  readonly #groups = new Map<string, TestConsumerGroup>()
  #nextProducer = 1000
  #created = 0

  /** `topics`: partitions of each. Partition p is led by broker 1 + p % brokers. */
  static async start(topics: Record<string, number>, brokers = 1): Promise<TestCluster> {
    const cluster = new TestCluster()
    for (let id = 1; id <= brokers; id++) cluster.brokers.push(new TestBroker(cluster, id))
    for (const broker of cluster.brokers) await broker.start()
    for (const [name, partitions] of Object.entries(topics)) cluster.createTopic(name, partitions)
    return cluster
  }

  get holders(): number[] {
    return this.brokers.map(({ id }) => id)
  }

  get servers(): string[] {
    return this.brokers.map(({ port }) => `ws://127.0.0.1:${port}`)
  }

  createTopic(name: string, partitions: number): void {
    const numbers = Array.from({ length: partitions }, (_, partition) => partition)
    this.#topics.set(name, {
      id: `${name}-${++this.#created}`,
      logs: numbers.map(() => new PartitionLog()),
      leaders: numbers.map((partition) => 1 + (partition % this.brokers.length)),
      terms: numbers.map(() => 1),
    })
  }

  /** Subscribers are told, as a broker does that learns of it. */
  deleteTopic(name: string): void {
    this.#topics.delete(name)
    for (const { sessions } of this.brokers) for (const session of sessions) session.endTopic(name)
  }

  topicId(name: string): string {
    return this.#topics.get(name)!.id
  }

  refuseAnother(topic: string, topicId = ''): void {
    const present = this.#topics.get(topic)?.id
    if (topicId !== '' && present !== undefined && topicId !== present)
      throw new schemas.TailraceError('TOPIC_ID_MISMATCH', `${present}, not ${topicId}`)
  }

  addPartition(name: string): void {
    const { logs, leaders, terms } = this.#topics.get(name)!
    logs.push(new PartitionLog())
    leaders.push(1 + (leaders.length % this.brokers.length))
    terms.push(1)
  }

  broker(id: number): TestBroker {
    return this.brokers[id - 1]!
  }

  /** 0 when there is no such topic. */
  partitions(topic: string): number {
    return this.#topics.get(topic)?.logs.length ?? 0
  }

  log(topic: string, partition: number): PartitionLog {
    return this.#topics.get(topic)!.logs[partition]!
  }

  leader(topic: string, partition: number): number {
    return this.#topics.get(topic)?.leaders[partition] ?? 0
  }

  /** `to` 0: no broker leads. Subscribers of the old leader are told. */
  moveLeader(topic: string, partition: number, to: number): void {
    const state = this.#topics.get(topic)!
    const from = state.leaders[partition]!
    state.leaders[partition] = to
    if (to !== 0) state.terms[partition]!++
    if (from === 0 || from === to || this.forwards) return
    for (const session of this.broker(from).sessions)
      session.endPartition(topic, partition, new schemas.TailraceError('NOT_LEADER'))
  }

  /** Every record of a partition as its value's text, in order of offsets. */
  values(topic: string, partition: number): string[] {
    const texts: string[] = []
    for (const { bytes } of this.log(topic, partition).batches) {
      const { decompressors } = codecs
      schemas.readRecords(bytes, 0, decompressors, ({ value }) => texts.push(Buffer.from(value!).toString()))
    }
    return texts
  }

  createForClient(name: string, partitions: number): void {
    if (this.#topics.has(name)) throw new schemas.TailraceError('TOPIC_EXISTS')
    if (!this.mayCreate) throw new schemas.TailraceError('AUTHORIZATION_FAILED')
    this.createTopic(name, partitions)
  }

  group(name: string): TestConsumerGroup {
    const topics = () =>
      [...this.#topics].map(([topic, { id, logs }]) => ({ name: topic, id, partitions: logs.length }))
    const group = this.#groups.get(name) ?? new TestConsumerGroup({ topics })
    this.#groups.set(name, group)
    return group
  }

  newProducer(): { producerId: number; epoch: number } {
    return { producerId: this.#nextProducer++, epoch: 0 }
  }

  metadata(topics: readonly string[]): Omit<Message<'MetadataReply'>, 'correlation'> {
    const brokers = this.brokers.map(({ id, port, advertisedPort, isUp, rack }) => {
      return { id, http: `127.0.0.1:${advertisedPort || port}`, alive: isUp, rack }
    })
    const found = topics.filter((name) => this.#topics.has(name))
    return {
      clusterId: 'test',
      brokers,
      topics: found.map((name) => {
        const { id, leaders, terms } = this.#topics.get(name)!
        const replicas = brokers.map(({ id }) => id)
        const partitions = leaders.map((leader, partition) => ({
          partition,
          leader,
          term: terms[partition]!,
          replicas,
        }))
        return { name, id, partitions }
      }),
    }
  }

  /** A cascade broker, whose level is its number in hundreds. */
  async addCascade(id: number, rack = ''): Promise<TestBroker> {
    const broker = new TestBroker(this, id)
    broker.level = Math.floor(id / 100)
    broker.rack = rack
    await broker.start()
    this.cascades.push(broker)
    return broker
  }

  told(): Omit<Message<'BrokersReply'>, 'correlation'> {
    if (this.isOld) throw new schemas.TailraceError('UNSUPPORTED_MESSAGE')
    const brokers = [...this.brokers, ...this.cascades].map((broker) => {
      const { id, level, rack, topics, lagMs, isUp } = broker
      const port = broker.advertisedPort || broker.port
      const connections = broker.sessions.size + broker.moreConnections
      const load = level === 0 ? null : { connections, lagMs, ready: true }
      return { id, http: `127.0.0.1:${port}`, level, alive: isUp, rack, load, topics }
    })
    return { clusterId: 'test', brokers }
  }

  pushAll(): void {
    for (const broker of [...this.brokers, ...this.cascades]) for (const session of broker.sessions) session.push()
  }

  /** Connections on which batches of a partition were in flight at the same time, as brokers saw it. */
  readonly mixedConnections: string[] = []
  readonly #underWay = new Map<string, Map<number, number>>()

  noteTransmission(broker: number, topic: string, partition: number): void {
    const key = `${topic}/${partition}`
    const ways = this.#underWay.get(key) ?? new Map<number, number>()
    this.#underWay.set(key, ways)
    ways.set(broker, (ways.get(broker) ?? 0) + 1)
    if (ways.size > 1) this.mixedConnections.push(`${key}: ${[...ways.keys()]}`)
  }

  noteAnswer(broker: number, topic: string, partition: number): void {
    const ways = this.#underWay.get(`${topic}/${partition}`)!
    const left = ways.get(broker)! - 1
    if (left === 0) ways.delete(broker)
    else ways.set(broker, left)
  }

  async close(): Promise<void> {
    await Promise.all([...this.brokers, ...this.cascades].map((broker) => broker.stop()))
  }
}
