import type { BrokerId, PartitionNumber, Position, ProducerId } from '@tailrace/schemas'
import type {
  BrokerApi,
  ClusterDescription,
  CreateTopicRequest,
  OffsetSearch,
  PublishOptions,
  ReadRequest,
  TopicDescription,
  TopicSummary,
} from '../../api/broker-api.ts'
import { type Guard, topicsOfBrokers } from './guard.ts'

type Answer<Method extends keyof BrokerApi> = BrokerApi[Method] extends (...args: never) => infer Result
  ? Result
  : never

/**
 * The BrokerApi of one session: all that a door has of it, so no door can leave a check out. Operations and resources
 * are those of Kafka's requests (KIP-11). Topics that the session may not describe are not shown to it.
 */
export class AuthorizedBroker implements BrokerApi {
  readonly #api: BrokerApi
  readonly #guard: Guard

  constructor(api: BrokerApi, guard: Guard) {
    this.#api = api
    this.#guard = guard
  }

  get brokerId(): BrokerId {
    return this.#api.brokerId
  }

  publish(topic: string, partition: PartitionNumber, batch: Uint8Array, options: PublishOptions): Answer<'publish'> {
    this.#guard.topic('write', topic)
    const { timeoutMs, wait, topicId = '', condition } = options
    const asker = this.#guard.session
    return this.#api.publish(topic, partition, batch, { timeoutMs, wait, topicId, asker, condition })
  }

  /** Checked again behind a wait: what was allowed may be forbidden by then. */
  async fetch(topic: string, partition: PartitionNumber, request: ReadRequest): Answer<'fetch'> {
    this.#guard.topic('read', topic)
    const result = await this.#api.fetch(topic, partition, { ...request, asker: this.#guard.session })
    this.#guard.topic('read', topic)
    return result
  }

  async findOffset(
    topic: string,
    partition: PartitionNumber,
    position: Position,
    search: OffsetSearch = {},
  ): Answer<'findOffset'> {
    this.#guard.topic('describe', topic)
    return this.#api.findOffset(topic, partition, position, { ...search, asker: this.#guard.session })
  }

  /** For everybody who may write to some topic (KIP-679). */
  async initProducer(): Promise<{ producerId: ProducerId; epoch: number }> {
    const guard = this.#guard
    if (!guard.mayAny('write', 'topic')) guard.cluster('idempotent-write')
    return this.#api.initProducer(guard.session)
  }

  async createTopic(request: CreateTopicRequest): Promise<TopicSummary> {
    const guard = this.#guard
    const { name } = request
    if (topicsOfBrokers.includes(name) || !guard.mayCluster('create')) guard.topic('create', name)
    return guard.audited('create-topic', `topic "${name}"`, () => this.#api.createTopic(request, guard.session))
  }

  async deleteTopic(name: string, topicId?: string): Promise<void> {
    this.#guard.topic('delete', name)
    const remove = () => this.#api.deleteTopic(name, topicId, this.#guard.session)
    return this.#guard.audited('delete-topic', `topic "${name}"`, remove)
  }

  listTopics(): TopicSummary[] {
    return this.#api.listTopics().filter(({ name }) => this.#guard.mayTopic('describe', name))
  }

  topicsVersion(): number {
    return this.#api.topicsVersion()
  }

  topicIdOf(name: string): string | undefined {
    return this.#guard.mayTopic('describe', name) ? this.#api.topicIdOf(name) : undefined
  }

  async describeTopic(name: string, topicId?: string): Promise<TopicDescription> {
    this.#guard.topic('describe', name)
    return this.#api.describeTopic(name, topicId, this.#guard.session)
  }

  /** Of topics that the session may describe; `denied`: the others of those that it has named. */
  routing(topics: readonly string[]): Answer<'routing'> {
    const shown: string[] = []
    const denied = new Set<string>()
    for (const name of topics) {
      if (this.#guard.mayTopic('describe', name)) shown.push(name)
      else denied.add(name)
    }
    return { ...this.#api.routing(shown), denied: [...denied] }
  }

  async describeCluster(): Promise<ClusterDescription> {
    this.#guard.cluster('describe')
    return this.#api.describeCluster()
  }

  /** Open to all: probes have no credential. */
  readiness(): Answer<'readiness'> {
    return this.#api.readiness()
  }

  onLeadership(listener: (topic: string, partition: PartitionNumber) => void): () => void {
    return this.#api.onLeadership((topic, partition) => {
      if (this.#guard.mayTopic('describe', topic)) listener(topic, partition)
    })
  }
}
