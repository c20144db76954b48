import type { MetricTable } from '../platform/metric-table.ts'
import type { CascadeNode } from './node.ts'

const behind = "records behind the source's high watermark"

export const cascadeMetrics: MetricTable<Pick<CascadeNode, 'uplink' | 'counts' | 'lag'>> = {
  counters: [
    ['tailrace_cascade_source_changes_total', 'Times that a source was taken.', ({ uplink }) => uplink.changes],
    ['tailrace_cascade_copied_bytes_total', 'Bytes of batches from sources.', ({ counts }) => counts.bytes],
    [
      'tailrace_cascade_new_beginnings_total',
      'Copies that went on behind records that the source had removed before they were copied.',
      ({ counts }) => counts.newBeginnings,
    ],
    [
      'tailrace_cascade_missed_records_total',
      'Records that sources had removed before they were copied.',
      ({ counts }) => counts.missedRecords,
    ],
  ],
  gauges: [
    [
      'tailrace_cascade_level',
      'Levels from level 0 to this broker; 0 before its first source.',
      ({ uplink }) => uplink.level,
    ],
    [
      'tailrace_cascade_source',
      'The broker that is copied from; 0: none.',
      ({ uplink }) => uplink.session?.source ?? 0,
    ],
    ['tailrace_cascade_lag_records', `All partitions: ${behind}.`, ({ lag }) => lag.records],
    ['tailrace_cascade_lag_most_records', `The partition that lacks most: ${behind}.`, ({ lag }) => lag.mostRecords],
    [
      'tailrace_cascade_lag_bytes',
      'All partitions: bytes behind, by the mean size of the records in each copy, and of all records for an empty one.',
      ({ lag }) => lag.bytes,
    ],
    [
      'tailrace_cascade_lag_seconds',
      'How long some partition has been behind the source, or there has been no source.',
      ({ lag }) => lag.milliseconds / 1000,
    ],
    ['tailrace_cascade_partitions', 'Partitions that are copied.', ({ lag }) => lag.partitions],
    [
      'tailrace_cascade_stopped_partitions',
      'Partitions not copied any more: batches of the source did not fit.',
      ({ lag }) => lag.stopped,
    ],
  ],
}
