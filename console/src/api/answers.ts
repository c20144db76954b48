/** What the HTTP API and /stream answer (/openapi.json, docs/protocol.md), as far as the console uses it. */
export interface Broker {
  readonly id: number
  readonly http: string
  readonly peer: string
  /** 0: it holds replicas. */
  readonly level: number
  readonly alive: boolean
  /** Missing: it has not been told. */
  readonly rack?: string
  /** Missing: it is not to be emptied. */
  readonly draining?: boolean
}

export interface Cluster {
  readonly clusterId: string
  /** 0: none. */
  readonly metadataLeader: number
  readonly featureLevel?: number
  readonly brokers: readonly Broker[]
}

export interface Balance {
  readonly balancing: boolean
  /** 0: even. */
  readonly imbalance: number
  readonly brokers: readonly BrokerShare[]
  readonly moves: readonly PlannedMove[]
  readonly more: number
}

export interface BrokerShare {
  readonly broker: number
  readonly replicas: number
  readonly leaders: number
  readonly bytes: number
  readonly bytesPerSecond: number
  readonly ledBytesPerSecond: number
}

export interface PlannedMove {
  readonly topic: string
  readonly partition: number
  readonly kind: 'replica' | 'leader'
  readonly why: 'leaving' | 'racks' | 'load'
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly bytes: number
  readonly imbalanceAfter: number
}

export interface Config {
  readonly maxBatchBytes?: number
  readonly retentionBytes?: number
  readonly retentionMs?: number
  readonly readOnly?: boolean
  readonly timestampBeforeMaxMs?: number
  readonly timestampAfterMaxMs?: number
  readonly segmentBytes?: number
  readonly segmentMs?: number
  readonly minInsyncReplicas?: number
}

/** A setting of a topic with the value that holds. */
export interface EffectiveSetting {
  readonly name: string
  readonly value: number | boolean | string | null
  readonly source: 'topic' | 'broker' | 'default'
  readonly about: string
}

export interface TopicSummary {
  readonly name: string
  readonly id: string
  readonly partitions: number
  readonly replicas: number
  readonly config: Config
}

export interface PartitionState {
  readonly partition: number
  /** 0: none. */
  readonly leader: number
  readonly term: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  readonly logStart: number
  readonly highWatermark: number
}

export interface TopicState {
  readonly name: string
  readonly id: string
  readonly config: Config
  readonly partitions: readonly PartitionState[]
}

export interface Trouble {
  readonly kind: string
  /** disk-full, disk-low: bytes; disk-filling: hours; checksum-failures: places; replicas-…: replicas. */
  readonly amount: number
}

export interface BrokerCondition {
  readonly broker: number
  /** Null: not known. */
  readonly condition: { readonly ready: boolean; readonly reason: string; readonly troubles: readonly Trouble[] } | null
  /** Why it is not known. */
  readonly why: string
}

/** The `state` of a watch. */
export interface ClusterState {
  readonly at: number
  readonly ready: { readonly ready: boolean; readonly reason: string }
  /** Null: the session may not see it. */
  readonly cluster: Cluster | null
  /** Of all brokers. Null: as `cluster`, or not known yet. */
  readonly conditions: readonly BrokerCondition[] | null
  readonly topics: readonly TopicSummary[]
  readonly described: readonly TopicState[]
}

export interface Member {
  readonly broker: number
  readonly role: string
  readonly matchIndex: number
  readonly nextIndex: number
  readonly lag: number
  readonly state: string
  readonly inFlight: number
  readonly active: boolean
  readonly caughtUp: boolean
  readonly copy: { readonly receivedBytes: number; readonly totalBytes: number } | null
}

export interface Entry {
  readonly index: number
  readonly term: number
  readonly kind: string
  readonly baseOffset: number
  readonly lastOffset: number
  readonly bytes: number
  readonly state: string
}

export interface Replica {
  readonly broker: number
  readonly role: string
  readonly term: number
  readonly leader: number
  readonly commitIndex: number
  readonly lastIndex: number
  readonly durableIndex: number
  readonly logStart: number
  readonly highWatermark: number
  readonly sizeBytes: number
  readonly asleep: boolean
  readonly trouble: string | null
}

export interface Members {
  readonly leader: number
  readonly term: number
  readonly stage: string
  readonly voters: readonly number[]
  /** The old voters while both majorities are needed. */
  readonly outgoing: readonly number[]
  readonly learners: readonly number[]
  /** Null: no change is under way. */
  readonly target: readonly number[] | null
  readonly members: readonly Member[]
  readonly lastOutcome: {
    readonly outcome: string
    readonly reason: string
    readonly target: readonly number[]
  } | null
}

/** A change of replicas. */
export interface GroupMove {
  /** Null: the metadata group. */
  readonly topic: string | null
  readonly partition: number
  readonly from: readonly number[]
  readonly to: readonly number[]
  /** Null: it is under way. */
  readonly failed: string | null
  /** Null: it has failed, or its leader does not tell. */
  readonly members: Members | null
}

export interface Moves {
  readonly moves: readonly GroupMove[]
  readonly more: number
}

export interface Group extends Members {
  readonly asleep: boolean
  readonly commitIndex: number
  readonly lastIndex: number
  readonly durableIndex: number
  readonly logStart: number
  readonly highWatermark: number
  readonly sizeBytes: number
  readonly lastSnapshot: { readonly index: number; readonly at: number; readonly bytes: number } | null
  readonly tail: readonly Entry[]
  readonly replicas: readonly Replica[]
}

/** Text, or what is no UTF-8. */
export type RecordBytes = string | { readonly base64: string } | null

export interface LogRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: RecordBytes
  readonly value: RecordBytes
  readonly headers: Readonly<Record<string, RecordBytes | readonly RecordBytes[]>>
}

export interface CascadeBroker {
  readonly broker: number
  readonly http: string
  readonly level: number
  readonly home: number
  readonly source: number
  readonly pinned: number
  readonly assigned: number
  readonly lagRecords: number
  readonly lagBytes: number
  readonly lagMs: number
  readonly partitions: number
  readonly stopped: number
  /** Partitions, and records of them, that its source had removed before they were copied, in the last hour. */
  readonly overtaken?: number
  readonly missedRecords?: number
  /** Empty: it has not been told. */
  readonly rack?: string
  /** Open WebSockets, and bytes of batches a second to all; below 0: not told. */
  readonly connections?: number
  readonly sentBytesPerSecond?: number
  /** Names, and beginnings of names with `*` behind them, of the topics that it copies. Empty: all. */
  readonly topics?: readonly string[]
}

export interface AuditRecord {
  readonly at: number
  readonly broker: number
  readonly by: string
  readonly action: string
  readonly target: string
  readonly detail: string
}

export interface BrokerSetting {
  readonly name: string
  readonly value: string
  readonly default: string | null
  readonly changed: boolean
  readonly perBroker: boolean
  readonly about: string
}

export interface BrokerSettings {
  readonly brokerId: number
  readonly settings: readonly BrokerSetting[]
}

/** The histograms of the stages of publishes and reads. */
export interface Stages {
  /** Seconds, ascending. */
  readonly bounds: readonly number[]
  readonly stages: readonly {
    readonly of: string
    readonly stage: string
    /** For each bound, how many took no longer since the start; at the end, how many there were. */
    readonly counts: readonly number[]
  }[]
}
