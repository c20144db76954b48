import { diagnose } from '../health/doctor.ts'
import type { Examined } from '../health/doctor-findings.ts'
import type { MetricSamples } from '../health/metric-samples.ts'
import type { BrokerFigures, CascadeFigures, Figures, Rates } from './figures.ts'
import type { Sample } from './sample.ts'
import { topicFigures } from './topic-figures.ts'

/** What the later of two samples shows, with rates over the time between them. `before` null: no rates. */
export function figuresOf(before: Sample | null, now: Sample): Figures {
  const { cluster } = now
  const brokers = now.brokers.map((one) => brokerFigures(one, before, now))
  const total = (of: (broker: BrokerFigures) => number | null): number | null =>
    brokers.reduce<number | null>((sum, broker) => added(sum, of(broker)), null)
  return {
    at: now.now,
    clusterId: cluster.clusterId,
    metadataLeader: cluster.metadataLeader,
    featureLevel: cluster.featureLevel ?? null,
    rates: {
      recordsIn: total(({ recordsIn }) => recordsIn),
      recordsOut: total(({ recordsOut }) => recordsOut),
      bytesIn: total(({ bytesIn }) => bytesIn),
      bytesOut: total(({ bytesOut }) => bytesOut),
    },
    brokers,
    topics: topicFigures(before, now),
    findings: diagnose(now),
  }
}

/** Of what is known; null: nothing is. */
export function added(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : a + b
}

/**
 * A second, between two values of a counter. Null: one is missing, or the counter has begun anew. `seconds` > 0.
 */
export function rateOf(before: number | undefined, now: number | undefined, seconds: number): number | null {
  return before === undefined || now === undefined || now < before ? null : (now - before) / seconds
}

function brokerFigures({ broker, metrics, problem }: Examined, before: Sample | null, now: Sample): BrokerFigures {
  const value = (name: string): number | null => metrics?.value(name) ?? null
  const rate = ratesBetween(before, now, broker.id)
  const perCore = rate('process_cpu_seconds_total')
  const rates: Rates = {
    recordsIn: rate('tailrace_publish_records_total'),
    recordsOut: rate('tailrace_fetch_records_total'),
    bytesIn: rate('tailrace_publish_bytes_total'),
    bytesOut: rate('tailrace_fetch_bytes_total'),
  }
  const cascade: CascadeFigures | null =
    broker.level === 0
      ? null
      : {
          source: value('tailrace_cascade_source'),
          lagBytes: value('tailrace_cascade_lag_bytes'),
          lagSeconds: value('tailrace_cascade_lag_seconds'),
          copiedBytes: rate('tailrace_cascade_copied_bytes_total'),
        }
  return {
    id: broker.id,
    http: broker.http,
    level: broker.level,
    alive: broker.alive,
    problem,
    ...rates,
    cpu: perCore === null ? null : perCore * 100,
    memoryBytes: value('process_resident_memory_bytes'),
    connections: added(value('tailrace_http_connections'), value('tailrace_websocket_connections')),
    leaders: value('tailrace_leaderships'),
    freeBytes: value('tailrace_log_disk_free_bytes'),
    lag: cascade === null ? followerLag(now.brokers, broker.id) : value('tailrace_cascade_lag_records'),
    cascade,
  }
}

/** Of one broker: the rate of a counter over all of its labels. */
function ratesBetween(before: Sample | null, now: Sample, id: number): (name: string) => number | null {
  const [first, last] = [before, now].map((sample) => metricsOf(sample, id))
  const seconds = before === null ? 0 : (now.at - before.at) / 1000
  // A broker that has published nothing has no series yet, and then one: it comes from 0.
  const sum = (metrics: MetricSamples | undefined, name: string): number | undefined => metrics?.sum(name)
  return (name) => (seconds > 0 ? rateOf(sum(first, name), sum(last, name), seconds) : null)
}

function metricsOf(sample: Sample | null, id: number): MetricSamples | undefined {
  return sample?.brokers.find(({ broker }) => broker.id === id)?.metrics ?? undefined
}

/** As leaders tell it of a follower; null: no leader that answered has it as a follower. */
function followerLag(brokers: readonly Examined[], id: number): number | null {
  const told = brokers.flatMap(({ metrics }) => metrics?.all('tailrace_partition_follower_lag_entries') ?? [])
  const own = told.filter(({ labels }) => labels.follower === String(id))
  return own.length === 0 ? null : own.reduce((sum, { value }) => sum + value, 0)
}
