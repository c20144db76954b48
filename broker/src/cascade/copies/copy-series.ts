import { logSeries } from '../../partition/broker/partition-series.ts'
import type { SeriesTable } from '../../platform/series-table.ts'
import type { CopiedPartition } from './copied-partition.ts'

/** The partitions that a cascade broker copies. */
export const copySeries: SeriesTable<CopiedPartition> = {
  labels: ['topic', 'partition'],
  valuesOf: ({ topic, partition }) => [topic, String(partition)],
  gauges: [
    ...logSeries<CopiedPartition>(({ highWatermark, logStart, log }) => {
      return { highWatermark, logStart, sizeBytes: log.sizeBytes }
    }),
    [
      'tailrace_partition_cascade_lag_records',
      "On a cascade broker: records behind the source's high watermark.",
      [],
      ({ lagRecords }) => lagRecords,
    ],
    [
      'tailrace_partition_cascade_lag_bytes',
      'On a cascade broker: bytes behind, by the mean size of the records in the copy; no series while it has none.',
      [],
      ({ recordBytes, lagRecords }) => (recordBytes === null ? null : Math.round(lagRecords * recordBytes)),
    ],
    [
      'tailrace_partition_cascade_lag_seconds',
      'On a cascade broker: time for which records of the source have been missing; 0 when none are.',
      [],
      (copy) => copy.lagMs() / 1000,
    ],
  ],
}
