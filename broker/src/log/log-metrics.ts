import type { MetricTable } from '../platform/metric-table.ts'
import type { LogStorage } from './log-storage.ts'

export const logMetrics: MetricTable<Pick<LogStorage, 'metrics' | 'writable'>> = {
  counters: [
    [
      'tailrace_log_rounds_total',
      'Rounds of the journal: one write and one fdatasync for all partitions.',
      ({ metrics }) => metrics.rounds,
    ],
    ['tailrace_log_syncs_total', 'fdatasync calls on journal and segments.', ({ metrics }) => metrics.syncs],
    ['tailrace_log_journal_bytes_total', 'Bytes written to the journal.', ({ metrics }) => metrics.journalBytes],
    ['tailrace_log_segment_bytes_total', 'Bytes written to segments.', ({ metrics }) => metrics.segmentBytes],
  ],
  gauges: [
    ['tailrace_log_tail_bytes', 'Recent batches held in memory for readers.', ({ metrics }) => metrics.tailBytes],
    ['tailrace_log_writable', '1 while free disk space is above the reserve.', ({ writable }) => Number(writable)],
  ],
}
