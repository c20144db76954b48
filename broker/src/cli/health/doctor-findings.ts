import type { BrokerBody, ClusterBody, TopicSummaryBody } from '../admin/answer-shapes.ts'
import type { MetricSamples } from './metric-samples.ts'

export interface DoctorFinding {
  /** problem: somebody should act. note: good to know; the exit code does not count it. */
  readonly severity: 'problem' | 'note'
  /** unreachable, leaderless, disk, …: the same for every finding of a kind. */
  readonly kind: string
  /** Null: it is about the cluster. */
  readonly broker: number | null
  readonly problem: string
  /** The next step of the operator. */
  readonly advice: string
}

/** One broker as the doctor has found it. */
export interface Examined {
  readonly broker: BrokerBody
  /** Null: it could not be asked. */
  readonly metrics: MetricSamples | null
  /** Why it could not be asked. */
  readonly problem: string
  /** A text says why it is not known. */
  readonly readiness: { readonly ready: boolean; readonly reason: string } | string
  /** The cluster as this broker sees it. A text says why it is not known. */
  readonly cluster: ClusterBody | string
  /** Its clock minus that of this machine, to about a second; null: not known. */
  readonly clockAheadMs: number | null
}

export interface ExaminedCluster {
  readonly cluster: ClusterBody
  readonly topics: readonly TopicSummaryBody[]
  readonly brokers: readonly Examined[]
  /** Milliseconds since 1970, of this machine. */
  readonly now: number
}

/** One question of the doctor. */
export type Check = (examined: ExaminedCluster) => DoctorFinding[]

export function problem(kind: string, broker: number | null, text: string, advice: string): DoctorFinding {
  return { severity: 'problem', kind, broker, problem: text, advice }
}

export function note(kind: string, broker: number | null, text: string, advice: string): DoctorFinding {
  return { severity: 'note', kind, broker, problem: text, advice }
}

/** The findings of a check that looks at the metrics of one broker after the other. */
export function ofEach(look: (metrics: MetricSamples, broker: BrokerBody) => DoctorFinding[]): Check {
  return ({ brokers }) => brokers.flatMap(({ metrics, broker }) => (metrics === null ? [] : look(metrics, broker)))
}

/** `t/0, t/1 and 3 more`. */
export function listed(names: readonly string[], most = 5): string {
  const more = names.length - most
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ')
}
