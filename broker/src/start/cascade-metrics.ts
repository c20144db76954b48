import type { Registry } from 'prom-client'
import type { CascadeNode } from '../cascade/node.ts'
import type { LogStorage } from '../log/log-storage.ts'
import { logRows, type MetricRows, registryOf } from './metric-rows.ts'

/** What /metrics of a cascade broker says; read when somebody asks. */
export function cascadeMetrics(storage: LogStorage, node: CascadeNode): Registry {
  return registryOf(logRows(storage), cascadeRows(node))
}

function cascadeRows(node: CascadeNode): MetricRows {
  const { uplink, counts } = node
  const behind = "records behind the source's high watermark"
  return {
    counters: [
      ['tailrace_cascade_source_changes_total', 'Times that a source was taken.', () => uplink.changes],
      ['tailrace_cascade_copied_bytes_total', 'Bytes of batches from sources.', () => counts.bytes],
      [
        'tailrace_cascade_new_beginnings_total',
        'Copies that began anew where the source begins.',
        () => counts.newBeginnings,
      ],
    ],
    gauges: [
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
    ],
  }
}
