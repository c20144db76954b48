import type { BrokerId, Offset, PartitionNumber, Term } from '@tailrace/schemas'

/** Settings by their names in the API or by Kafka's; docs/topic-settings.md has all. */
export type TopicConfig = Readonly<Record<string, number | boolean | string>>

export interface TopicSummary {
  readonly name: string
  readonly id: string
  readonly partitions: number
  /** Copies of each partition. */
  readonly replicas: number
  /** What is set for the topic, by the names in the API. */
  readonly config: TopicConfig
}

/** A setting with the value that holds. */
export interface EffectiveSetting {
  /** Kafka's name, or that of the API where Kafka has none. */
  readonly name: string
  /** The name in the API where `name` is Kafka's; missing: of a broker of an earlier version. */
  readonly alias?: string | null
  /** Null: none. */
  readonly value: number | boolean | string | null
  /** topic: set for the topic. broker: a setting of the broker that was asked. default: neither. */
  readonly source: 'topic' | 'broker' | 'default'
  readonly about: string
}

export interface PartitionDescription {
  readonly partition: PartitionNumber
  /** 0: there is none at the moment, and the other figures are the last that are known. */
  readonly leader: BrokerId
  readonly term: Term
  /** The preferred leader first. */
  readonly replicas: readonly BrokerId[]
  readonly inSync: readonly BrokerId[]
  readonly logStart: Offset
  readonly highWatermark: Offset
}

export interface TopicDescription {
  readonly name: string
  readonly id: string
  readonly config: TopicConfig
  readonly settings: readonly EffectiveSetting[]
  readonly partitions: readonly PartitionDescription[]
}
