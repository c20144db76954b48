import { Counter, Gauge, Registry } from 'prom-client'
import type { CascadeNode } from './cascade/node.ts'
import type { LogStorage } from './log/types.ts'

/** What /metrics of a cascade broker says; read when somebody asks. */
export function cascadeMetrics(storage: LogStorage, node: CascadeNode): Registry {
  const registry = new Registry()
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
  const { uplink, counts } = node
  gauge(
    'tailrace_cascade_level',
    'Levels between this broker and level 0; 0 before its first source.',
    () => uplink.level,
  )
  gauge(
    'tailrace_cascade_source',
    'Number of the broker that this one copies from; 0: none.',
    () => uplink.session?.source ?? 0,
  )
  gauge(
    'tailrace_cascade_lag_records',
    "Records behind the source's high watermark, all partitions.",
    () => node.lag.records,
  )
  gauge(
    'tailrace_cascade_lag_most_records',
    "Records behind the source's high watermark, of the partition that lacks most.",
    () => node.lag.mostRecords,
  )
  gauge(
    'tailrace_cascade_lag_milliseconds',
    'How long some partition has been behind the source, or there has been no source.',
    () => node.lag.milliseconds,
  )
  gauge('tailrace_cascade_partitions', 'Partitions that are copied.', () => node.lag.partitions)
  gauge(
    'tailrace_cascade_stopped_partitions',
    'Partitions not copied any more: what came did not fit.',
    () => node.lag.stopped,
  )
  counter('tailrace_cascade_source_changes_total', 'Times that a source was taken.', () => uplink.changes)
  counter('tailrace_cascade_copied_bytes_total', 'Bytes of batches from sources.', () => counts.bytes)
  counter(
    'tailrace_cascade_new_beginnings_total',
    'Copies that began anew where the source begins.',
    () => counts.newBeginnings,
  )
  const { metrics } = storage
  counter('tailrace_log_rounds_total', 'Rounds of the journal.', () => metrics.rounds)
  counter('tailrace_log_syncs_total', 'fdatasync calls on journal and segments.', () => metrics.syncs)
  counter('tailrace_log_journal_bytes_total', 'Bytes written to the journal.', () => metrics.journalBytes)
  counter('tailrace_log_segment_bytes_total', 'Bytes written to segments.', () => metrics.segmentBytes)
  gauge('tailrace_log_tail_bytes', 'Recent batches held in memory for readers.', () => metrics.tailBytes)
  gauge('tailrace_log_writable', '1 while free disk space is above the reserve.', () => Number(storage.writable))
  return registry
}
