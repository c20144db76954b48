import type { Assignment, BrokerId, CascadeReport, Message } from '@tailrace/schemas'
import type { Asker, ClusterDescription, TopicSummary } from '../../api/broker-api.ts'
import type { Quota } from '../../api/quotas.ts'
import type { Acl } from '../../api/security-api.ts'
import type { StoredToken, StoredUser } from '../../security/security-tables.ts'

/** A cascade broker's beat to its source, with those of the brokers below it. */
export type CascadeBeat = Omit<Message<'CascadeBeat'>, 'correlation'>

export interface CascadeBeatReply {
  readonly clusterId: string
  readonly broker: BrokerId
  readonly level: number
  /** The answering broker, its source, and so on up to level 0: a broker in this list would copy from itself. */
  readonly ancestors: readonly BrokerId[]
  /** For brokers of the beat; brokers that are missing keep the source that they have. */
  readonly assignments: readonly Assignment[]
  /** Brokers of all levels, as level 0 knows them. */
  readonly cluster: ClusterDescription
  /** Digest of the list of topics. */
  readonly topics: string
  /** As BrokerApi.topicsVersion. */
  readonly topicsVersion: number
  /** False: the answering broker lacks records that its own source had at its start. */
  readonly caughtUp: boolean
  /** Digest of the tables of users, tokens, rules and quotas; empty, or missing: it has none to give. */
  readonly security?: string
}

/** A part of a source's list of topics, or the whole list. */
export interface TopicPage {
  /** Of the whole list. */
  readonly digest: string
  /** As BrokerApi.topicsVersion. */
  readonly version: number
  /** Topics in the whole list. */
  readonly total: number
  readonly topics: readonly TopicSummary[]
}

/** A part of a source's tables of users, tokens, rules and quotas, in this order, or all of them. */
export interface SecurityPage {
  /** Of all tables. */
  readonly digest: string
  /** Items in the tables of users, tokens and rules. */
  readonly total: number
  readonly users: readonly StoredUser[]
  readonly tokens: readonly StoredToken[]
  readonly acls: readonly Acl[]
  readonly quotas: readonly Quota[]
  /** Items in the table of quotas; null: the source is of a version that does not tell them. */
  readonly quotaTotal: number | null
}

/** The answer of the metadata leader to the reports of cascade brokers. */
export interface Decision {
  readonly assignments: readonly Assignment[]
  readonly cascades: ClusterDescription['brokers']
}

export interface CascadeStatus {
  readonly brokers: readonly (CascadeReport & { readonly assigned: BrokerId })[]
}

/** The service of every broker to cascade brokers and their operators. All methods reject with TailraceError. */
export interface CascadeApi {
  /**
   * A broker below reports itself, and gets the data that it needs to continue.
   * CASCADE_CYCLE, CLUSTER_MISMATCH, BROKER_IDENTITY_MISMATCH, INVALID_REQUEST, NOT_READY, OVERLOADED
   */
  beat(beat: CascadeBeat): Promise<CascadeBeatReply>
  /** The list of topics behind the first `from`, as many as fit into one answer. */
  topicPage(from: number): TopicPage
  /**
   * Users, tokens, rules and quotas behind the first `from`, as many as fit into one answer.
   * @throws TailraceError NOT_READY: this broker has none to give
   */
  securityPage(from: number): SecurityPage
  /** All cascade brokers of the cluster, as the metadata leader knows them. */
  status(asker?: Asker): Promise<CascadeStatus>
  /** Resolves when `broker` has taken the choice (source 0: none any more). UNKNOWN_BROKER, CASCADE_CYCLE, TIMED_OUT */
  assign(broker: BrokerId, source: BrokerId, asker?: Asker): Promise<void>
}
