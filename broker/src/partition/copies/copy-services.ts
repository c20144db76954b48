import type { LogStorage, StateStore } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { PartitionMetrics } from '../metrics.ts'
import type { Peers } from '../peers.ts'
import type { PartitionSettings } from '../settings.ts'
import type { CopySource } from './copy-source.ts'
import type { CopyThrottle } from './copy-throttle.ts'
import type { WorkSlots } from './work-slots.ts'

/** The services for copying that all replicas of a broker share. */
export interface CopyServices {
  readonly storage: LogStorage
  readonly store: StateStore
  readonly peers: Pick<Peers, 'request'>
  readonly source: CopySource
  readonly throttle: CopyThrottle
  /** Of installations. */
  readonly turns: WorkSlots
  readonly clock: Clock
  readonly crc32c: Crc32c
  readonly logger: Logger
  readonly settings: PartitionSettings
  readonly metrics: PartitionMetrics
}
