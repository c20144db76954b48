import {
  type AnyTopic,
  abortError,
  type CascadeTree,
  Client,
  type ConnectionStatus,
  type ConnectOptions,
  clientOptionsOf,
  isTopic,
  type StatusListener,
} from '@tailrace/client'
import {
  type BrokerId,
  checkOffset,
  checkPartitionNumber,
  checkTopicName,
  type Offset,
  type PartitionNumber,
  TailraceError,
} from '@tailrace/schemas'
import * as clusters from './cluster.ts'
import * as groups from './consumer-groups.ts'
import { findOffsets, type OffsetAt, type PartitionOffset } from './offsets.ts'
import { type AdminOptions, adminTimeout, type CallOptions, callTimeout } from './options.ts'
import { Requests } from './requests.ts'
import { findSizes, type PartitionSize } from './sizes.ts'
import type { TopicConfig, TopicDescription, TopicSummary } from './topic-answers.ts'
import type { TopicSpec } from './topic-differences.ts'
import * as topics from './topics.ts'

/** The name of a topic, or a typed topic. */
export type TopicName = string | AnyTopic

export interface EnsureOptions extends CallOptions {
  /** Of a topic that is not as it is to be: 'fail' with TOPIC_DIFFERS, or 'tell' it in the result. Default 'fail'. */
  readonly onDifference?: 'fail' | 'tell'
}

/**
 * Administers a cluster: topics, offsets, consumer groups, brokers. The same in Node and in a browser. Any broker is
 * asked. What can pass is tried again until `timeoutMs`; but a change that could not be made twice without harm fails
 * with CONNECTION_LOST or TIMED_OUT once it may have been made: look before you ask for it again. Every call throws
 * TailraceError, besides what is said there: AUTHENTICATION_FAILED, AUTHORIZATION_FAILED, TIMED_OUT, ABORTED, CLOSED.
 */
export class Admin {
  readonly #client: Client
  readonly #timeoutMs: number
  readonly #ended = new AbortController()

  /** Connects with the first call. @throws TailraceError INVALID_SETTING */
  constructor(options: AdminOptions) {
    this.#timeoutMs = adminTimeout(options)
    this.#client = new Client(clientOptionsOf(options))
    const { signal } = options
    if (signal?.aborted) this.#end(abortError(signal))
    else signal?.addEventListener('abort', () => this.#end(abortError(signal)), { once: true })
  }

  /** Whether a broker is reached; `idle` until the first connection is wanted. */
  get status(): ConnectionStatus {
    return this.#client.status
  }

  /**
   * Resolves when a broker has answered. Not needed: the first call connects as well.
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

  /**
   * Creates a topic; resolves when its partitions have leaders.
   * @throws TailraceError TOPIC_EXISTS, INVALID_REPLICATION, INVALID_SETTING
   */
  async createTopic(topic: TopicName, spec: TopicSpec = {}, options?: CallOptions): Promise<TopicSummary> {
    return topics.createTopic(this.#begin(options), nameOf(topic), spec)
  }

  /**
   * Creates a topic where there is none of its name, and otherwise compares it with what is named in `spec`; it is
   * never changed. Programs may do this at their start, several at the same time.
   * @throws TailraceError TOPIC_DIFFERS, with the differences as text and as `cause`; as {@link createTopic}
   */
  async ensureTopic(
    topic: TopicName,
    spec: TopicSpec = {},
    { onDifference = 'fail', ...options }: EnsureOptions = {},
  ): Promise<topics.EnsuredTopic> {
    if (onDifference !== 'fail' && onDifference !== 'tell') {
      throw new TailraceError('INVALID_SETTING', `onDifference: "${String(onDifference)}" is not fail or tell.`)
    }
    const name = nameOf(topic)
    const ensured = await topics.ensureTopic(this.#begin(options), name, spec)
    const { differences } = ensured
    if (onDifference === 'tell' || differences.length === 0) return ensured
    throw topics.differingError(name, differences)
  }

  /** The topics that this program may see. Those whose names begin with two underscores are the cluster's own. */
  async listTopics(options?: CallOptions): Promise<readonly TopicSummary[]> {
    return topics.listTopics(this.#begin(options))
  }

  /** With its settings and partitions. @throws TailraceError UNKNOWN_TOPIC */
  async describeTopic(topic: TopicName, options?: CallOptions): Promise<TopicDescription> {
    return topics.describeTopic(this.#begin(options), nameOf(topic))
  }

  /**
   * Changes settings; null puts one back to its default, and those that are not named stay as they are. Resolves with
   * what is set for the topic then.
   * @throws TailraceError UNKNOWN_TOPIC, INVALID_SETTING
   */
  async alterTopic(
    topic: TopicName,
    changes: Readonly<Record<string, TopicConfig[string] | null>>,
    options?: CallOptions,
  ): Promise<TopicConfig> {
    return topics.alterTopic(this.#begin(options), nameOf(topic), changes)
  }

  /** `partitions`: how many there are to be, with those that there are. @throws TailraceError INVALID_PARTITIONS */
  async addPartitions(topic: TopicName, partitions: number, options?: CallOptions): Promise<TopicSummary> {
    return topics.addPartitions(this.#begin(options), nameOf(topic), partitions)
  }

  /**
   * Deletes a topic and its records. `topicId`: only if the topic has this id.
   * @throws TailraceError UNKNOWN_TOPIC, TOPIC_ID_MISMATCH
   */
  async deleteTopic(topic: TopicName, { topicId, ...options }: CallOptions & { topicId?: string } = {}): Promise<void> {
    return topics.deleteTopic(this.#begin(options), nameOf(topic), topicId)
  }

  /**
   * Deletes the records of a partition before an offset, permanently; 'latest': all that there are. Resolves with the
   * offset at which the partition begins then.
   * @throws TailraceError UNKNOWN_TOPIC, UNKNOWN_PARTITION, OFFSET_OUT_OF_RANGE, FEATURE_LEVEL_TOO_LOW
   */
  async deleteRecords(
    topic: TopicName,
    partition: PartitionNumber,
    before: Offset | 'latest',
    options?: CallOptions,
  ): Promise<Offset> {
    checkPartitionNumber(partition)
    if (before !== 'latest') checkOffset(before)
    return topics.deleteRecords(this.#begin(options), nameOf(topic), partition, before)
  }

  /**
   * Where the partitions of a topic begin ('earliest'), end ('latest'), or have their first record at or after a time,
   * by partition.
   * @throws TailraceError UNKNOWN_TOPIC, INVALID_SETTING
   */
  async offsets(
    topic: TopicName,
    at: OffsetAt,
    options?: CallOptions,
  ): Promise<ReadonlyMap<PartitionNumber, PartitionOffset>> {
    return findOffsets(this.#begin(options), nameOf(topic), at)
  }

  /** Bytes that a topic has on disks, by partition. @throws TailraceError UNKNOWN_TOPIC */
  async sizes(topic: TopicName, options?: CallOptions): Promise<ReadonlyMap<PartitionNumber, PartitionSize>> {
    return findSizes(this.#begin(options), nameOf(topic))
  }

  /** The consumer groups that this program may see. */
  async listGroups(options?: CallOptions): Promise<readonly groups.GroupSummary[]> {
    return groups.listGroups(this.#begin(options))
  }

  /** With its members, positions and lag. @throws TailraceError UNKNOWN_CONSUMER_GROUP */
  async describeGroup(group: string, options?: CallOptions): Promise<groups.GroupDescription> {
    return groups.describeGroup(this.#begin(options), group)
  }

  /** Deletes the positions of a group without members. @throws TailraceError CONSUMER_GROUP_ACTIVE */
  async deleteGroup(group: string, options?: CallOptions): Promise<void> {
    return groups.deleteGroup(this.#begin(options), group)
  }

  /**
   * Moves the positions of a group without members: to 'earliest', 'latest', an offset, a time (a Date, or an ISO 8601
   * text), or by so many records ('-100', '+100'). No position leaves its partition.
   * @throws TailraceError CONSUMER_GROUP_ACTIVE, UNKNOWN_CONSUMER_GROUP, UNKNOWN_TOPIC, INVALID_REQUEST
   */
  async resetGroup(
    group: string,
    to: string | Offset | Date,
    { topics: named, dryRun, ...options }: groups.ResetOptions & CallOptions = {},
  ): Promise<readonly groups.MovedPosition[]> {
    const wish = { ...(named !== undefined && { topics: named }), ...(dryRun !== undefined && { dryRun }) }
    return groups.resetGroup(this.#begin(options), group, to, wish)
  }

  /** The brokers of the cluster, cascade brokers too. */
  async describeCluster(options?: CallOptions): Promise<clusters.ClusterDescription> {
    return clusters.describeCluster(this.#begin(options))
  }

  /** The brokers of level 0, and which cascade brokers copy from which. */
  async describeCascades(options?: CallOptions): Promise<CascadeTree> {
    return clusters.describeCascades(this.#begin(options))
  }

  /** `to`: default the preferred replica. Resolves with the leader. @throws TailraceError TRANSFER_FAILED */
  async transferLeadership(
    topic: TopicName,
    partition: PartitionNumber,
    { to, ...options }: CallOptions & { to?: BrokerId } = {},
  ): Promise<BrokerId> {
    checkPartitionNumber(partition)
    return clusters.transferLeadership(this.#begin(options), nameOf(topic), partition, to)
  }

  /** The replicas of a partition, and how far a change of them is. */
  async describeReplicas(
    topic: TopicName,
    partition: PartitionNumber,
    options?: CallOptions,
  ): Promise<clusters.ReplicasDescription> {
    checkPartitionNumber(partition)
    return clusters.describeReplicas(this.#begin(options), nameOf(topic), partition)
  }

  /**
   * Asks for other replicas, the preferred leader first. Resolves when that is recorded; it goes on by itself, and
   * {@link describeReplicas} shows how far it is.
   * @throws TailraceError MEMBERS_CHANGING, INVALID_MEMBERS, UNKNOWN_BROKER
   */
  async changeReplicas(
    topic: TopicName,
    partition: PartitionNumber,
    replicas: readonly BrokerId[],
    options?: CallOptions,
  ): Promise<void> {
    checkPartitionNumber(partition)
    return clusters.changeReplicas(this.#begin(options), nameOf(topic), partition, replicas)
  }

  /** Gives up a change of replicas. @throws TailraceError CHANGE_FAILED: it is too late, or none is under way */
  async cancelReplicaChange(topic: TopicName, partition: PartitionNumber, options?: CallOptions): Promise<void> {
    checkPartitionNumber(partition)
    return clusters.cancelReplicaChange(this.#begin(options), nameOf(topic), partition)
  }

  /** Disconnects. Calls under way fail with CLOSED. */
  async close(): Promise<void> {
    this.#end(new TailraceError('CLOSED'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #begin(options: CallOptions = {}): Requests {
    const timeoutMs = callTimeout(options, this.#timeoutMs)
    const ended = this.#ended.signal
    if (ended.aborted) throw abortError(ended)
    const signal = options.signal === undefined ? ended : AbortSignal.any([options.signal, ended])
    return new Requests(this.#client, { timeoutMs, signal })
  }

  #end(error: TailraceError): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort(error)
    this.#client.close()
  }
}

/** @throws TailraceError INVALID_TOPIC_NAME */
function nameOf(topic: TopicName): string {
  const name = isTopic(topic) ? topic.name : topic
  checkTopicName(name)
  return name
}
