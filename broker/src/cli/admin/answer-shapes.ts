/** Bodies of the HTTP API that the command line reads; docs/protocol.md describes them. */
export interface TopicSummaryBody {
  readonly name: string
  readonly id: string
  readonly partitions: number
  readonly replicas: number
  readonly config: Readonly<Record<string, unknown>>
}

export interface TopicBody {
  readonly name: string
  readonly id: string
  readonly config: Readonly<Record<string, unknown>>
  /** Missing: of a broker of an earlier version. */
  readonly settings?: readonly { readonly name: string; readonly value: unknown; readonly source: string }[]
  readonly partitions: readonly PartitionBody[]
}

export interface PartitionBody {
  readonly partition: number
  readonly leader: number
  readonly term: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
  readonly logStart: number
  readonly highWatermark: number
}

export interface ClusterBody {
  readonly clusterId: string
  readonly metadataLeader: number
  readonly featureLevel?: number
  readonly brokers: readonly BrokerBody[]
}

export interface BrokerBody {
  readonly id: number
  readonly http: string
  readonly peer: string
  readonly level: number
  readonly alive: boolean
  readonly pid: number
  readonly featureLevels?: { readonly lowest: number; readonly highest: number }
  readonly rack?: string
}

/** Of `GET /cluster/conditions`. */
export interface ConditionBody {
  readonly broker: number
  readonly condition: {
    readonly ready: boolean
    readonly reason: string
    readonly writable: boolean
    readonly freeBytes: number
    readonly reserveBytes: number
    readonly secondsUntilFull: number | null
    readonly checksumFailures: number
    readonly quarantined: number
    readonly stopped: number
  } | null
  readonly why: string
}
