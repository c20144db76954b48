import type { BrokerId } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Asker, CreateTopicRequest, RoutedTopic, TopicDescription, TopicSummary } from '../../api/broker-api.ts'
import type { Random } from '../../platform/random.ts'
import type { TopicLimits } from '../metadata/intents/topic-rules.ts'
import { checkCreateTopic, checkMorePartitions } from '../metadata/intents/topic-rules.ts'
import type { MetadataState, Topic } from '../metadata/metadata-state.ts'
import { isMissing, requireTopic } from '../metadata/required-topic.ts'
import type { LeaderDirectory } from './leader-directory.ts'
import type { MetadataClient } from './metadata-client.ts'
import type { PartitionStatus } from './partition-status.ts'
import { topicsToRoute } from './topics-to-route.ts'

const COMMAND_MS = 10_000
/**
 * How long `create` waits until the new topic can be used at once. It is created when that is recorded, whether or not
 * this is reached: as in Kafka, a client that is early gets LEADER_UNAVAILABLE, and tries again. Well below the time
 * limits of callers.
 */
const USABLE_MS = 5_000

export interface TopicsDeps {
  readonly state: MetadataState
  readonly client: MetadataClient
  readonly directory: LeaderDirectory
  readonly status: PartitionStatus
  readonly random: Random
  readonly limits: TopicLimits
  readonly brokers: () => readonly BrokerId[]
}

/** Topics as callers see them; see BrokerApi for each method. */
export class Topics {
  readonly #deps: TopicsDeps

  constructor(deps: TopicsDeps) {
    this.#deps = deps
  }

  async create(request: CreateTopicRequest, asker?: Asker): Promise<TopicSummary> {
    const { client, random, limits, brokers } = this.#deps
    checkCreateTopic(request, brokers().length, limits)
    const { name, partitions, replicas, config = {} } = request
    const topicId = random.uuid()
    const intent = { type: 'create-topic', name, topicId, config, partitions, replicas } as const
    await client.submit(intent, COMMAND_MS, asker)
    await this.#untilLed(name, topicId, partitions)
    return { name, id: topicId, partitions, replicas, config }
  }

  /** See AdminApi. */
  async addPartitions(name: string, partitions: number, topicId = '', asker?: Asker): Promise<TopicSummary> {
    const { state, client, limits } = this.#deps
    const { id, ...topic } = requireTopic(state, name, topicId)
    checkMorePartitions(partitions, topic.partitions.length, limits)
    await client.submit({ type: 'add-partitions', name, topicId: id, partitions }, COMMAND_MS, asker)
    await this.#untilLed(name, id, partitions)
    return summaryOf(requireTopic(state, name, id))
  }

  /** Each partition of the topic has a leader, or it takes too long. */
  async #untilLed(name: string, topicId: string, partitions: number): Promise<void> {
    const { state, directory } = this.#deps
    // Each look goes on where the last one stopped: with 10,000 partitions it would start over 10,000 times.
    let led = 0
    await directory.until(() => {
      const topic = state.topics.get(name)
      if (topic?.id !== topicId || topic.partitions.length < partitions) return false
      while (led < partitions && directory.lookup(topic.partitions[led]!.group).leader !== NO_BROKER) led += 1
      return led === partitions
    }, USABLE_MS)
  }

  async delete(name: string, topicId = '', asker?: Asker): Promise<void> {
    const { state, client, directory } = this.#deps
    const id = topicId === '' ? state.topics.get(name)?.id : topicId
    await client.submit({ type: 'delete-topic', name, topicId }, COMMAND_MS, asker)
    await directory.until(() => id === undefined || state.topics.get(name)?.id !== id, USABLE_MS)
  }

  /**
   * As far as this broker knows.
   * @throws TailraceError NOT_READY where it knows nothing yet: an empty list would mean that there are no topics
   */
  list(): TopicSummary[] {
    const { freshness, head } = this.#deps.state
    if (freshness() === 'behind' && head.appliedIndex === 0) {
      throw new TailraceError('NOT_READY', 'This broker has not caught up with the metadata.')
    }
    return [...this.#deps.state.topics.values()].map(summaryOf).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async describe(name: string, topicId?: string, asker?: Asker): Promise<TopicDescription> {
    const topic = requireTopic(this.#deps.state, name, topicId)
    const partitions = await this.#deps.status.describe(topic, asker)
    return { name, id: topic.id, config: topic.config, partitions }
  }

  /**
   * Unknown topics are left out.
   * @throws TailraceError NOT_READY: one is unknown, and this broker cannot tell whether it is there
   */
  route(names: readonly string[]): RoutedTopic[] {
    const { state, directory } = this.#deps
    const unknown = names.find((name) => !state.topics.has(name))
    if (unknown !== undefined && state.freshness() !== 'level') throw isMissing(state, unknown)
    const topics = topicsToRoute(
      names,
      (name) => state.topics.get(name),
      (topic) => topic.partitions.length,
    )
    return topics.map(({ name, id, config, partitions }) => ({
      name,
      id,
      maxBatchBytes: config.maxBatchBytes,
      partitions: partitions.map(({ group, replicas }, partition) => {
        return { partition, ...directory.lookup(group), replicas: [...replicas] }
      }),
    }))
  }
}

function summaryOf({ name, id, config, partitions }: Topic): TopicSummary {
  const summary = { name, id, partitions: partitions.length, replicas: partitions[0]!.replicas.length, config }
  const deleted = partitions.flatMap(({ deletedBefore }, partition) => {
    return deletedBefore === undefined ? [] : [{ partition, before: deletedBefore }]
  })
  return deleted.length > 0 ? { ...summary, deleted } : summary
}
