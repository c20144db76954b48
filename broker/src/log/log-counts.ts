import { unobserved } from '../platform/metric-table.ts'
import type { LogMetrics } from './log-storage.ts'

/** Of logs that have just been opened. */
export function noLogCounts(): LogMetrics {
  return {
    rounds: 0,
    syncs: 0,
    journalBytes: 0,
    segmentBytes: 0,
    tailBytes: 0,
    replayedEntries: 0,
    corruptPlaces: { read: 0, scrub: 0, recovery: 0 },
    syncSeconds: unobserved,
    segmentSyncSeconds: unobserved,
    roundBytes: unobserved,
    readSeconds: null,
  }
}
