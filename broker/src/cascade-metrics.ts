import { Counter, Gauge, Registry } from 'prom-client'
import type { CascadeNode } from './cascade/node.ts'
import type { LogStorage } from './log/types.ts'

type Row = readonly [name: string, help: string, read: () => number]

/** What /metrics of a cascade broker says; read when somebody asks. */
export function cascadeMetrics(storage: LogStorage, node: CascadeNode): Registry {
  const registry = new Registry()
  for (const [name, help, read] of gauges(storage, node)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }
  for (const [name, help, read] of counters(storage, node)) {
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
  return registry
}

function gauges(storage: LogStorage, node: CascadeNode): Row[] {
  const { uplink } = node
  const behind = "records behind the source's high watermark"
  return [
    ['tailrace_cascade_level', 'Levels from level 0 to this broker; 0 before its first source.', () => uplink.level],
    ['tailrace_cascade_source', 'The broker that is copied from; 0: none.', () => uplink.session?.source ?? 0],
    ['tailrace_cascade_lag_records', `All partitions: ${behind}.`, () => node.lag.records],
    ['tailrace_cascade_lag_most_records', `The partition that lacks most: ${behind}.`, () => node.lag.mostRecords],
    [
      'tailrace_cascade_lag_milliseconds',
      'How long some partition has been behind the source, or there has been no source.',
      () => node.lag.milliseconds,
    ],
    ['tailrace_cascade_partitions', 'Partitions that are copied.', () => node.lag.partitions],
    [
      'tailrace_cascade_stopped_partitions',
      'Partitions not copied any more: what came did not fit.',
      () => node.lag.stopped,
    ],
    ['tailrace_log_tail_bytes', 'Recent batches held in memory for readers.', () => storage.metrics.tailBytes],
    ['tailrace_log_writable', '1 while free disk space is above the reserve.', () => Number(storage.writable)],
  ]
}

function counters({ metrics }: LogStorage, { uplink, counts }: CascadeNode): Row[] {
  return [
    ['tailrace_cascade_source_changes_total', 'Times that a source was taken.', () => uplink.changes],
    ['tailrace_cascade_copied_bytes_total', 'Bytes of batches from sources.', () => counts.bytes],
    [
      'tailrace_cascade_new_beginnings_total',
      'Copies that began anew where the source begins.',
      () => counts.newBeginnings,
    ],
    ['tailrace_log_rounds_total', 'Rounds of the journal.', () => metrics.rounds],
    ['tailrace_log_syncs_total', 'fdatasync calls on journal and segments.', () => metrics.syncs],
    ['tailrace_log_journal_bytes_total', 'Bytes written to the journal.', () => metrics.journalBytes],
    ['tailrace_log_segment_bytes_total', 'Bytes written to segments.', () => metrics.segmentBytes],
  ]
}
