import type { LogStorage } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { PartitionMetrics } from '../metrics.ts'
import type { PartitionSettings } from '../settings.ts'
import type { PublishStages } from './publish/publish-stages.ts'
import type { ReadStages } from './read/read-stages.ts'
import type { TermWatch } from './state/term-watch.ts'
import type { TokenSeal } from './state/token-seal.ts'

/** The services that all replicas of a broker share. */
export interface ReplicaServices {
  readonly storage: LogStorage
  readonly clock: Clock
  readonly crc32c: Crc32c
  readonly logger: Logger
  readonly settings: PartitionSettings
  readonly metrics: PartitionMetrics
  readonly seal: TokenSeal
  readonly stages: PublishStages
  readonly readStages: ReadStages
  readonly terms: TermWatch
}
