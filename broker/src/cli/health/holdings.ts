import type { BrokerBody } from '../admin/answer-shapes.ts'
import type { BrokerPage } from './broker-pages.ts'
import type { MetricSamples } from './metric-samples.ts'

/** A broker with what it holds; null: it did not answer, or its version does not say. */
export interface BrokerHoldings extends BrokerBody {
  readonly leaders: number | null
  readonly replicas: number | null
  readonly sizeBytes: number | null
  readonly freeBytes: number | null
  /** Why it could not be asked; empty: it answered. */
  readonly problem: string
}

export function holdingsOf({ broker, metrics, problem }: BrokerPage): BrokerHoldings {
  const value = (name: string): number | null => metrics?.value(name) ?? null
  return {
    ...broker,
    leaders: value('tailrace_leaderships'),
    replicas: value('tailrace_replicas') ?? value('tailrace_cascade_partitions'),
    sizeBytes: value('tailrace_log_disk_used_bytes'),
    freeBytes: value('tailrace_log_disk_free_bytes'),
    problem,
  }
}

/** One partition as the broker holds it. */
export interface HeldPartition {
  readonly topic: string
  readonly partition: number
  readonly leader: boolean
  readonly term: number | null
  readonly logStart: number
  readonly highWatermark: number
  readonly sizeBytes: number
}

/** In order of names and numbers; null: the broker shows no series of each partition. */
export function partitionsIn(metrics: MetricSamples): readonly HeldPartition[] | null {
  if (metrics.value('tailrace_partition_series_shown') === 0) return null
  const key = ({ topic, partition }: Readonly<Record<string, string>>): string => `${topic}/${partition}`
  const byPartition = (name: string) => new Map(metrics.all(name).map(({ labels, value }) => [key(labels), value]))
  const [leaders, terms, starts, ends] = [
    byPartition('tailrace_partition_leader'),
    byPartition('tailrace_partition_term'),
    byPartition('tailrace_partition_log_start'),
    byPartition('tailrace_partition_high_watermark'),
  ]
  return metrics
    .all('tailrace_partition_size_bytes')
    .map(({ labels, value }) => ({
      topic: labels.topic ?? '',
      partition: Number(labels.partition),
      leader: leaders.get(key(labels)) === 1,
      term: terms.get(key(labels)) ?? null,
      logStart: starts.get(key(labels)) ?? 0,
      highWatermark: ends.get(key(labels)) ?? 0,
      sizeBytes: value,
    }))
    .sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)
}
