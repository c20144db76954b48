import type { DoctorFinding } from '../health/doctor-findings.ts'

/** What one page shows. Null: not known, or not yet, since rates need two samples. */
export interface Figures {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly clusterId: string
  /** 0: none. */
  readonly metadataLeader: number
  /** Null: the cluster is older than levels. */
  readonly featureLevel: number | null
  readonly rates: Rates
  readonly brokers: readonly BrokerFigures[]
  readonly topics: readonly TopicFigures[]
  /** Problems first. */
  readonly findings: readonly DoctorFinding[]
}

/** Records and bytes a second: in from publishers, out to readers. */
export interface Rates {
  readonly recordsIn: number | null
  readonly recordsOut: number | null
  readonly bytesIn: number | null
  readonly bytesOut: number | null
}

export interface BrokerFigures extends Rates {
  readonly id: number
  readonly http: string
  readonly level: number
  readonly alive: boolean
  /** Why it could not be asked; empty: it answered. */
  readonly problem: string
  /** Percent of one core. */
  readonly cpu: number | null
  readonly memoryBytes: number | null
  readonly connections: number | null
  readonly leaders: number | null
  readonly freeBytes: number | null
  /** Level 0: entries that leaders have and this broker has not acknowledged. A cascade broker: records. */
  readonly lag: number | null
  /** Null: a broker of level 0. */
  readonly cascade: CascadeFigures | null
}

/** `source`: the broker that it copies from; 0: none. */
export interface CascadeFigures {
  readonly source: number | null
  readonly lagBytes: number | null
  readonly lagSeconds: number | null
  readonly copiedBytes: number | null
}

/** `bytesIn`: by which the logs of its leaders grow. What readers take is not counted by topic. */
export interface TopicFigures {
  readonly name: string
  readonly partitions: number
  readonly replicas: number
  readonly underReplicated: number | null
  /** Partitions that no broker that answered leads. */
  readonly leaderless: number | null
  readonly recordsIn: number | null
  readonly bytesIn: number | null
}
