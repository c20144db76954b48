import type { MetricTable } from '../platform/metric-table.ts'
import type { LogStorage } from './log-storage.ts'

const KiB = 1024
const syncBounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const readBounds = [0.00001, 0.0001, ...syncBounds.slice(1)]
const roundBounds = [1, 4, 16, 64, 256, 1024, 4096, 16_384].map((size) => size * KiB)

export const logMetrics: MetricTable<Pick<LogStorage, 'metrics' | 'writable' | 'usage'>> = {
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
  labelledCounters: [
    [
      'tailrace_log_checksum_failures_total',
      'Places of journal and segments whose checksum was wrong, by the work that found them: read, scrub or recovery.',
      ['found'],
      ({ metrics }) => Object.entries(metrics.corruptPlaces).map(([found, count]) => [[found], count] as const),
    ],
  ],
  gauges: [
    ['tailrace_log_tail_bytes', 'Recent batches held in memory for readers.', ({ metrics }) => metrics.tailBytes],
    [
      'tailrace_log_journal_memory_bytes',
      'Memory in which rounds of the journal are put together.',
      ({ usage }) => usage.journalMemory,
    ],
    ['tailrace_log_segment_memory_bytes', 'Indexes of segments in memory.', ({ usage }) => usage.segmentMemory],
    ['tailrace_log_journal_files', 'Files of the journal.', ({ usage }) => usage.journalFiles],
    ['tailrace_log_segments', 'Segments of all partitions.', ({ usage }) => usage.segments],
    [
      'tailrace_log_disk_used_bytes',
      'Bytes of journal files and segments on the disk.',
      ({ usage }) => usage.diskBytes,
    ],
    [
      'tailrace_log_disk_free_bytes',
      'Bytes that any program may still write to the file system of the data folder.',
      ({ usage }) => usage.freeBytes,
    ],
    [
      'tailrace_log_disk_reserve_bytes',
      'Free bytes below which records are refused (setting diskReserveBytes).',
      ({ usage }) => usage.reserveBytes,
    ],
    [
      'tailrace_log_disk_time_left_seconds',
      'Time until only the reserve is free, if the disk fills up as in the last five minutes; +Inf if it does not.',
      ({ usage }) => usage.secondsUntilFull,
    ],
    ['tailrace_log_writable', '1 while free disk space is above the reserve.', ({ writable }) => Number(writable)],
  ],
  labelledHistograms: [
    [
      'tailrace_log_read_duration_seconds',
      'Reads of records, without the time for which a reader has waited for new ones: from disk each, from the tail in memory one in 16.',
      'from',
      readBounds,
      ({ metrics }, observerOf) => {
        metrics.readSeconds = { tail: observerOf('tail'), disk: observerOf('disk') }
      },
    ],
  ],
  histograms: [
    [
      'tailrace_log_sync_duration_seconds',
      'fdatasync of the journal, one each round; of small rounds the write is in it.',
      syncBounds,
      ({ metrics }, observe) => {
        metrics.syncSeconds = observe
      },
    ],
    [
      'tailrace_log_segment_sync_duration_seconds',
      'fdatasync of a segment and its index: of entries that go to segments directly, and before journal files are used again.',
      syncBounds,
      ({ metrics }, observe) => {
        metrics.segmentSyncSeconds = observe
      },
    ],
    [
      'tailrace_log_round_bytes',
      'Bytes that a round writes to the journal; those that go to segments directly are not among them.',
      roundBounds,
      ({ metrics }, observe) => {
        metrics.roundBytes = observe
      },
    ],
  ],
}
