import type { Timestamp } from '@tailrace/schemas'
import type { Disk } from '../../platform/disk.ts'
import type { LogMetrics } from '../log-storage.ts'
import type { DiskSpace } from '../space/disk-space.ts'
import type { TailPool } from '../tail/tail-pool.ts'
import type { GatherPool } from './gather.ts'
import type { IndexCache, IndexEnv } from './index-cache.ts'
import type { ReadWindows } from './read-windows.ts'

/** The settings and services that the segments of all groups share. */
export interface SegmentContext extends IndexEnv {
  readonly disk: Disk
  readonly indexes: IndexCache
  readonly gathers: GatherPool
  readonly windows: ReadWindows
  readonly pool: TailPool
  readonly metrics: LogMetrics
  /** A segment is full when it has this many bytes. */
  readonly segmentBytes: number
  readonly space: DiskSpace
  /** The broker's clock. */
  now(): Timestamp
  /** Milliseconds of a clock that does not go back. */
  monotonic(): number
}

const MIN_INDEX_INTERVAL = 16 * 1024
const MAX_INDEX_PLACES = 4096

/** At most 4096 places a segment: the growing segment's index of every group is in memory. */
export function indexIntervalFor(segmentBytes: number): number {
  return Math.max(MIN_INDEX_INTERVAL, Math.ceil(segmentBytes / MAX_INDEX_PLACES))
}
