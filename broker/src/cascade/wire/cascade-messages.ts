import type { BrokerId } from '@tailrace/schemas'
import type { ClusterDescription, LevelRange, TopicSummary } from '../../api/broker-api.ts'

/** What is known of one cascade broker. It says so itself, once a beat; brokers between pass it on upward. */
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
  /** For how long the partition that is furthest behind has been so. */
  readonly lagMs: number
  readonly partitions: number
  /** Partitions that it no longer copies because what came did not fit. */
  readonly stopped: number
  /** How old this is. */
  readonly ageMs: number
  /** The feature levels of the cluster that it supports; missing: of the time before. */
  readonly featureLevels?: LevelRange
}

/** A cascade broker's sign of life to its source, with those of the brokers below it. */
export interface CascadeBeat {
  /** Empty while it has never had a source. */
  readonly clusterId: string
  readonly broker: BrokerId
  /** Its own first. */
  readonly reports: readonly CascadeReport[]
  /** Digest of the list of topics that it has from this source, or empty. */
  readonly topics: string
}

export interface CascadeBeatReply {
  readonly clusterId: string
  readonly broker: BrokerId
  readonly level: number
  /** The answering broker, its source, and so on up to level 0: whoever finds itself here would copy from itself. */
  readonly ancestors: readonly BrokerId[]
  /** For brokers of the beat; those that may stay where they are with the source that they have. */
  readonly assignments: readonly Assignment[]
  /** Brokers of all levels, as level 0 knows them. */
  readonly cluster: ClusterDescription
  readonly topics: string
  /** As BrokerApi.topicsVersion; brokers before it do not tell. */
  readonly topicsVersion?: number
  /** Null when the asker has them already. */
  readonly topicList: readonly TopicSummary[] | null
  /** False: the answering broker lacks records that its own source had at its start. Missing: it lacks none, or is of the time before. */
  readonly caughtUp?: boolean
}

export interface Assignment {
  readonly broker: BrokerId
  readonly source: BrokerId
  /** What its operator's choice is from now on (0: none), or null: as it is. */
  readonly pin: BrokerId | null
}

export interface CascadeStatus {
  readonly brokers: readonly (CascadeReport & { readonly assigned: BrokerId })[]
}

/** What every broker can do for cascade brokers and for who looks after them. All methods reject with TailraceError. */
export interface CascadeApi {
  /**
   * A broker below says that it is there, and hears what it needs to go on.
   * CASCADE_CYCLE, CLUSTER_MISMATCH, BROKER_IDENTITY_MISMATCH, NOT_READY, OVERLOADED
   */
  beat(beat: CascadeBeat): Promise<CascadeBeatReply>
  /** All cascade brokers of the cluster, as the metadata leader knows them. */
  status(): Promise<CascadeStatus>
  /** Resolves when `broker` has taken the choice (source 0: none any more). UNKNOWN_BROKER, CASCADE_CYCLE, TIMED_OUT */
  assign(broker: BrokerId, source: BrokerId): Promise<void>
}
