import type { BrokerId } from './ids.ts'
import type { AclFields, EntityFields, LimitFields, ScramFields, TokenFields } from './metadata-intents.ts'
import type { Asked, ConditionFields } from './peer-messages.ts'

/** Feature levels that a broker supports, both included. */
export interface LevelRangeFields {
  readonly lowest: number
  readonly highest: number
}

/** The state of one cascade broker, which it sends with every beat; brokers between it and level 0 pass it upward. */
export interface CascadeReport {
  readonly broker: BrokerId
  /** Its data folder's own id: two folders under one number are a mistake. */
  readonly directoryId: string
  readonly http: string
  /** Its source's level + 1; 0 while it has never had a source. */
  readonly level: number
  /** The level it was started for, to which it returns; 0 while that is not known. */
  readonly home: number
  /** 0: none at present. */
  readonly source: BrokerId
  /** The source that an operator has chosen; 0: the metadata leader chooses. */
  readonly pinned: BrokerId
  /** Behind its source's high watermark, over all partitions. */
  readonly lagRecords: number
  /** lagRecords, by the mean size of the records that it has. */
  readonly lagBytes: number
  /** For how long the partition that is furthest behind has been so. */
  readonly lagMs: number
  readonly partitions: number
  /** Partitions that it no longer copies because the source's batches did not fit. */
  readonly stopped: number
  /** How old this is. */
  readonly ageMs: number
  readonly featureLevels: LevelRangeFields
  /** Missing or null: it is of an earlier version, which does not tell. */
  readonly condition?: ConditionFields | null
  /** Partitions whose source has lately removed records before they were copied. Missing: as 0. */
  readonly overtaken?: number
  /** Those records. */
  readonly missedRecords?: number
  /** Empty: none. */
  readonly rack?: string
  /** WebSockets that are open; -1: it is of an earlier version, which does not tell. */
  readonly connections?: number
  /** Bytes of batches a second, to clients and to brokers below, in the last seconds; -1: it does not tell. */
  readonly sentBytesPerSecond?: number
  /** The part of it that went to clients; -1: it does not tell. */
  readonly clientBytesPerSecond?: number
  /** Bytes of batches a second from its source, in the last seconds; -1: it does not tell. */
  readonly copiedBytesPerSecond?: number
  /** Names, and beginnings of names with `*` behind them, of the topics that it copies. Empty or missing: all. */
  readonly topics?: readonly string[]
}

/** What a client needs to choose a cascade broker. */
export interface BrokerLoadFields {
  /** WebSockets that are open; -1: not told. */
  readonly connections: number
  /** How far it is behind level 0 at most, in milliseconds, with the brokers that it copies from. */
  readonly lagMs: number
  /** Clients may be sent to it. */
  readonly ready: boolean
}

export interface Assignment {
  readonly broker: BrokerId
  readonly source: BrokerId
  /** Its operator's choice from now on (0: none), or null: as it is. */
  readonly pin: BrokerId | null
}

export interface ClusterBrokerFields {
  readonly id: BrokerId
  readonly http: string
  /** Empty for a cascade broker. */
  readonly peer: string
  readonly level: number
  readonly alive: boolean
  readonly pid: number
  /** null: not known. */
  readonly featureLevels: LevelRangeFields | null
  /** Empty: none. */
  readonly rack?: string
  /** Null: a broker of level 0, or not known. */
  readonly load?: BrokerLoadFields | null
  /** Names, and beginnings of names with `*` behind them, of the topics that it copies. Empty: all. */
  readonly topics?: readonly string[]
}

/** A broker as one to read from. */
export interface LevelBrokerFields {
  readonly id: BrokerId
  readonly http: string
  readonly level: number
  readonly alive: boolean
  /** Empty: none. */
  readonly rack: string
  /** Null: a broker of level 0, or not known. */
  readonly load: BrokerLoadFields | null
  /** Names, and beginnings of names with `*` behind them, of the topics that it copies. Empty: all. */
  readonly topics: readonly string[]
}

/** Settings of the topic; null: the default. */
export interface TopicConfigFields {
  readonly maxBatchBytes: number | null
  readonly retentionBytes: number | null
  readonly retentionMs: number | null
  readonly readOnly: boolean | null
  readonly timestampBeforeMaxMs: number | null
  readonly timestampAfterMaxMs: number | null
  /** Missing: of a broker of an earlier version. */
  readonly segmentBytes?: number | null
  readonly segmentMs?: number | null
  readonly minInsyncReplicas?: number | null
}

export interface TopicSummaryFields {
  readonly name: string
  readonly id: string
  readonly partitions: number
  readonly replicas: number
  readonly config: TopicConfigFields
  readonly deleted?: readonly { readonly partition: number; readonly before: number }[]
}

/** The messages about cascade brokers, a part of MessageShapes. */
export interface CascadeMessageShapes {
  /** A client asks for the brokers of all levels, for the choice of one to read from. */
  Brokers: { correlation: number }
  BrokersReply: { correlation: number; clusterId: string; brokers: readonly LevelBrokerFields[] }
  /**
   * On the WebSocket that carries the records: a cascade broker's beat to its source, with the reports of the
   * brokers below it.
   */
  CascadeBeat: {
    correlation: number
    /** Empty while it has never had a source. */
    clusterId: string
    broker: BrokerId
    /** Its own first. */
    reports: readonly CascadeReport[]
    /** 0, or missing: `reports` are of all brokers. Else they change those that the answer with this `taken` had. */
    after?: number
    /** Of the brokers in neither `reports` nor `gone`, by number: the age of the last report in steps of 100 ms. */
    ages?: readonly number[]
    /** Brokers that are not heard of any more. */
    gone?: readonly BrokerId[]
    /** The `list` of the last answer; 0: a whole list is needed; -1, or missing: the sender takes no other. */
    list?: number
  }
  CascadeBeatReply: {
    correlation: number
    clusterId: string
    broker: BrokerId
    level: number
    /** The answering broker, its source, and so on up to level 0: a broker in this list would copy from itself. */
    ancestors: readonly BrokerId[]
    /** For brokers of the beat; brokers that are missing keep the source that they have. */
    assignments: readonly Assignment[]
    metadataLeader: BrokerId
    /** The feature level of the cluster; null: not known. */
    featureLevel: number | null
    /** Brokers of all levels, as level 0 knows them. */
    brokers: readonly ClusterBrokerFields[]
    /** Digest of the list of topics. */
    topics: string
    /** A topic that a list of a higher version lacks has been deleted. */
    topicsVersion: number
    /** False: the answering broker lacks records that its own source had at its start. */
    caughtUp: boolean
    /** Digest of the tables of users, tokens, rules and quotas; empty: the answering broker has none to give. */
    security?: string
    /** What the next reports may build on, as `after`; 0, or missing: they must be whole. */
    taken?: number
    /** The number of the list of brokers that the sender of the beat has now; 0, or missing: no other builds on it. */
    list?: number
    /** 0, or missing: the list is whole. Else what is told changes the list of this number. */
    listAfter?: number
    /** Brokers of that list that are gone. */
    gone?: readonly BrokerId[]
  }
  /** Asks the source for a part of its list of topics. `from`: how many of the list the asker has already. */
  CascadeTopics: { correlation: number; from: number }
  /** `digest` is that of the whole list, which has `total` topics: parts with different digests are of two lists. */
  CascadeTopicsReply: {
    correlation: number
    digest: string
    version: number
    total: number
    topics: readonly TopicSummaryFields[]
  }

  /**
   * Asks the source for a part of its tables of users, tokens, rules and quotas, which the asker applies to its own
   * clients. `from`: how many items of the four, one after the other, the asker has already.
   */
  CascadeSecurity: { correlation: number; from: number }
  /**
   * `total`: items of the first three tables, behind which a broker of a version without quotas stops. `quotaTotal`: of
   * the fourth; -1: the source is of such a version.
   */
  CascadeSecurityReply: {
    correlation: number
    digest: string
    total: number
    users: readonly { readonly name: string; readonly scram: ScramFields[] }[]
    tokens: readonly TokenFields[]
    acls: readonly AclFields[]
    quotas: readonly { readonly entity: EntityFields; readonly limits: LimitFields[] }[]
    quotaTotal: number
  }

  /** Broker of level 0 to the metadata leader: the reports of a beat. The other fields are as those of CascadeBeat. */
  CascadeReports: {
    correlation: number
    reports: readonly CascadeReport[]
    after?: number
    ages?: readonly number[]
    gone?: readonly BrokerId[]
    list?: number
  }
  /** `cascades`: all cascade brokers of the cluster. The other fields are as those of CascadeBeatReply. */
  CascadeReportsReply: {
    correlation: number
    assignments: readonly Assignment[]
    cascades: readonly ClusterBrokerFields[]
    taken?: number
    list?: number
    listAfter?: number
    gone?: readonly BrokerId[]
  }
  CascadeStatus: { correlation: number } & Asked
  CascadeStatusReply: { correlation: number; brokers: readonly (CascadeReport & { readonly assigned: BrokerId })[] }
  /** Answered when the broker has taken the choice. `source` 0: the metadata leader chooses again. */
  AssignSource: { correlation: number; broker: BrokerId; source: BrokerId } & Asked
  AssignSourceReply: { correlation: number }
}
