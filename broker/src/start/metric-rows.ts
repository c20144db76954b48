import { Counter, Gauge, Registry } from 'prom-client'
import type { LogStorage } from '../log/log-storage.ts'

/** A figure that is kept elsewhere, and read when somebody asks for the metrics. */
export type MetricRow = readonly [name: string, help: string, read: () => number]

export interface MetricRows {
  readonly counters: readonly MetricRow[]
  readonly gauges: readonly MetricRow[]
}

export function registryOf(...themes: readonly MetricRows[]): Registry {
  const registry = new Registry()
  const registers = [registry]
  for (const [name, help, read] of themes.flatMap(({ counters }) => counters)) {
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
  for (const [name, help, read] of themes.flatMap(({ gauges }) => gauges)) {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read())
      },
    })
  }
  return registry
}

export function logRows(storage: LogStorage): MetricRows {
  const { metrics } = storage
  return {
    counters: [
      [
        'tailrace_log_rounds_total',
        'Rounds of the journal: one write and one fdatasync for all partitions.',
        () => metrics.rounds,
      ],
      ['tailrace_log_syncs_total', 'fdatasync calls on journal and segments.', () => metrics.syncs],
      ['tailrace_log_journal_bytes_total', 'Bytes written to the journal.', () => metrics.journalBytes],
      ['tailrace_log_segment_bytes_total', 'Bytes written to segments.', () => metrics.segmentBytes],
    ],
    gauges: [
      ['tailrace_log_tail_bytes', 'Recent batches held in memory for readers.', () => metrics.tailBytes],
      ['tailrace_log_writable', '1 while free disk space is above the reserve.', () => Number(storage.writable)],
    ],
  }
}
