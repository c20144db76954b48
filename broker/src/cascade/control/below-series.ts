import type { CascadeReport } from '@tailrace/schemas'
import type { SeriesTable } from '../../platform/series-table.ts'

/** The cascade brokers that have reported here lately, directly or through others, by their newest reports. */
export const belowSeries: SeriesTable<CascadeReport> = {
  labels: ['broker', 'source', 'level'],
  valuesOf: ({ broker, source, level }) => [broker, source, level].map(String),
  gauges: [
    [
      'tailrace_cascade_below_lag_records',
      'Records that a cascade broker is behind its source, as it has reported. The leader of the metadata knows of all cascade brokers, other brokers of those below them: take max by (broker, source).',
      [],
      ({ lagRecords }) => lagRecords,
    ],
    [
      'tailrace_cascade_below_lag_bytes',
      'Bytes that a cascade broker is behind its source, by the mean size of the records that it has, as it has reported.',
      [],
      ({ lagBytes }) => lagBytes,
    ],
    [
      'tailrace_cascade_below_lag_seconds',
      'How long some partition of a cascade broker has been behind its source, or it has had no source, as it has reported.',
      [],
      ({ lagMs }) => lagMs / 1000,
    ],
    [
      'tailrace_cascade_below_sent_bytes_per_second',
      'Bytes of batches a second that a cascade broker sends, to clients and to brokers below it, in the last seconds; no series where it does not tell.',
      [],
      ({ sentBytesPerSecond = -1 }) => (sentBytesPerSecond < 0 ? null : sentBytesPerSecond),
    ],
    [
      'tailrace_cascade_below_connections',
      'Open WebSockets of a cascade broker; no series where it does not tell.',
      [],
      ({ connections = -1 }) => (connections < 0 ? null : connections),
    ],
    [
      'tailrace_cascade_below_report_age_seconds',
      'Age of the newest report of a cascade broker; after five seconds it is not shown any more.',
      [],
      ({ ageMs }) => ageMs / 1000,
    ],
  ],
}
