import type { BrokerId, Offset, PartitionNumber, Position, ProducerId, Term } from '@tailrace/schemas'
import type { FetchRequest, FetchResult, OffsetResult, PublishCondition, PublishResult } from '../partition/requests.ts'

/** The feature levels of the cluster that a broker can work in. */
export interface LevelRange {
  readonly lowest: number
  readonly highest: number
}

/**
 * What a broker can do for its connections; HTTP, WebSocket, peers (for forwarded requests) and later Kafka call this
 * and nothing else. Every call works on every broker: it goes to the partition's leader, or the metadata leader, where
 * that is another one. A caller that knows a topic's id gives it as `topicId`; TOPIC_ID_MISMATCH refuses another topic
 * that has the name by now. Empty or absent: the topic that has it. `asker`: the client for which it is, of which the
 * broker that carries it out asks its own rules as well. All methods reject with TailraceError.
 */
export interface BrokerApi {
  readonly brokerId: BrokerId
  /**
   * Appends one RecordBatch v2 and resolves when it is durable on a majority. The batch's bytes belong to the broker
   * afterwards. Where this broker leads, the batch is validated and appended before the call returns, so that call
   * order is log order. `wait`: hold the request through an election instead of failing with NOT_LEADER /
   * LEADER_UNAVAILABLE (for callers that do not retry themselves). `batch` may be empty where the condition has a
   * fence: see Group.publish.
   */
  publish(topic: string, partition: PartitionNumber, batch: Uint8Array, options: PublishOptions): Promise<PublishResult>
  /**
   * Whole batches from the one that holds `offset`; waits up to `waitMs` for the first. With `replica` the batches of
   * this broker's own replica, which may be behind the leader; NOT_CAUGHT_UP where it holds no replica, or not the
   * entry of the request's token.
   */
  fetch(topic: string, partition: PartitionNumber, request: ReadRequest): Promise<FetchResult>
  findOffset(
    topic: string,
    partition: PartitionNumber,
    position: Position,
    search?: OffsetSearch,
  ): Promise<OffsetResult>
  /**
   * The id belongs to the client, and nobody else may publish under it. Absent, or an anonymous one: it is anybody's.
   * Null: to the broker itself, for batches that it makes of what clients want written.
   */
  initProducer(asker?: Asker | null): Promise<{ producerId: ProducerId; epoch: number }>
  /**
   * Resolves when the topic is recorded and all its partitions have leaders; but at most some seconds after it is
   * recorded: with thousands of partitions electing leaders takes longer, and partitions without a leader then answer
   * LEADER_UNAVAILABLE (retriable).
   */
  createTopic(request: CreateTopicRequest, asker?: Asker): Promise<TopicSummary>
  /** `topicId`: the id of the topic; missing or empty: the topic that has the name when the deletion is recorded. */
  deleteTopic(name: string, topicId?: string, asker?: Asker): Promise<void>
  listTopics(): TopicSummary[]
  /**
   * Grows with the list of topics: a topic that a list of a higher version lacks has been deleted since. 0: not known.
   */
  topicsVersion(): number
  /** Of the topic that has the name, as this broker knows it: it sends no request. Undefined: it knows none. */
  topicIdOf(name: string): string | undefined
  /** With leaders' figures, asked from them; `leader` 0 and the last known figures where a partition has none. */
  describeTopic(name: string, topicId?: string, asker?: Asker): Promise<TopicDescription>
  /** Topics as this broker knows them, for routing: it sends no request. */
  routing(topics: readonly string[]): {
    clusterId: string
    /** `rack` missing: it has not been told. */
    brokers: { id: BrokerId; http: string; alive: boolean; rack?: string }[]
    topics: RoutedTopic[]
    /** Of the named topics those that the caller may not see. */
    denied?: readonly string[]
  }
  describeCluster(): Promise<ClusterDescription>
  /** Resolves after joining a formed cluster and when this broker has applied the metadata log. */
  readiness(): { ready: boolean; reason: string }
  /**
   * Tells a subscriber that leadership of a partition may have moved, so that it can look again. Returns how to stop.
   */
  onLeadership(listener: (topic: string, partition: PartitionNumber) => void): () => void
}

export interface PublishOptions {
  readonly timeoutMs: number
  readonly wait: boolean
  readonly topicId?: string
  /** The client for which this is; its producer id must be this one's, or anybody's. Absent: nobody in particular. */
  readonly asker?: Asker
  /**
   * The broker itself made the batch of what a client wants written, under a producer id that belongs to the broker.
   */
  readonly byBroker?: boolean
  readonly condition?: PublishCondition | undefined
}

/** The client for which a broker acts. */
export interface Asker {
  readonly principal: string
  readonly groups: readonly string[]
  readonly host: string
  /** How it has shown who it is. */
  readonly kind: string
  /**
   * The cascade brokers that have passed the request on, the first one first: each must have the right that the
   * request needs as well.
   */
  readonly via: readonly Voucher[]
}

/** A cascade broker that says for which client it asks. */
export interface Voucher {
  readonly principal: string
  readonly host: string
}

export interface ReadRequest extends FetchRequest {
  readonly topicId?: string
  readonly asker?: Asker
}

export interface OffsetSearch {
  readonly topicId?: string | undefined
  /** See FetchRequest. */
  readonly linearizable?: boolean
  readonly asker?: Asker
}
export interface CreateTopicRequest {
  readonly name: string
  readonly partitions: number
  readonly replicas: number
  readonly config?: TopicConfig
}
/** Settings of a topic; unknown names are refused. */
export interface TopicConfig {
  readonly maxBatchBytes?: number
  /** Bytes that a partition keeps at least before its oldest segments are deleted; absent: all records are kept. */
  readonly retentionBytes?: number
  /** Age in milliseconds from which on a segment is deleted; absent: all records are kept. */
  readonly retentionMs?: number
  /** Publishing is refused with READ_ONLY. */
  readonly readOnly?: boolean
  /** How far behind the leader's clock a record's timestamp may be; absent: any distance. */
  readonly timestampBeforeMaxMs?: number
  /** How far ahead of the leader's clock a record's timestamp may be; absent: an hour. */
  readonly timestampAfterMaxMs?: number
  /** Size at which a partition starts the next segment file; absent: as the broker's setting says. */
  readonly segmentBytes?: number
  /** Milliseconds after which a growing segment is closed; absent: by retention. */
  readonly segmentMs?: number
  /** Kept and shown, without effect: a majority decides. */
  readonly minInsyncReplicas?: number
}
export interface TopicSummary {
  readonly name: string
  readonly id: string
  readonly partitions: number
  readonly replicas: number
  readonly config: TopicConfig
  /** Partitions of which records were deleted before an offset, for cascade brokers; missing: none. */
  readonly deleted?: readonly DeletedRecords[]
}
export interface DeletedRecords {
  readonly partition: PartitionNumber
  readonly before: Offset
}
export interface RoutedTopic {
  readonly name: string
  readonly id: string
  /** Absent: the topic has no limit of its own. */
  readonly maxBatchBytes?: number | undefined
  readonly partitions: { partition: PartitionNumber; leader: BrokerId; term: Term; replicas: BrokerId[] }[]
}
export interface TopicDescription {
  readonly name: string
  readonly id: string
  readonly config: TopicConfig
  readonly partitions: readonly PartitionDescription[]
}
export interface PartitionDescription {
  readonly partition: PartitionNumber
  readonly leader: BrokerId
  readonly term: Term
  readonly replicas: readonly BrokerId[]
  readonly inSync: readonly BrokerId[]
  readonly logStart: Offset
  readonly highWatermark: Offset
}
export interface ClusterDescription {
  readonly clusterId: string
  readonly metadataLeader: BrokerId
  /** The feature level of the cluster (feature-levels.ts). Missing: older than levels, or not known. */
  readonly featureLevel?: number
  readonly brokers: readonly BrokerDescription[]
}
export interface BrokerDescription {
  readonly id: BrokerId
  readonly http: string
  readonly peer: string
  readonly level: number
  readonly alive: boolean
  readonly pid: number
  /** The feature levels that it supports, as far as known. */
  readonly featureLevels?: LevelRange
  /** Where it stands. Missing: it has not been told. */
  readonly rack?: string
  /** It is to be emptied. Missing: it is not. */
  readonly draining?: true
  /** Of a cascade broker, as far as known. */
  readonly load?: BrokerLoad
  /** Names, and beginnings of names with `*` behind them, of the topics that it copies. Missing: all. */
  readonly topics?: readonly string[]
}
/** What a client needs to choose a cascade broker. */
export interface BrokerLoad {
  /** WebSockets that are open; -1: not told. */
  readonly connections: number
  /** How far it is behind level 0 at most, in milliseconds, with the brokers that it copies from. */
  readonly lagMs: number
  /** Clients may be sent to it. */
  readonly ready: boolean
}
