import type { BrokerId } from '@tailrace/schemas'
import type { LevelRange } from '../../api/broker-api.ts'
import { featureLevels, outOfRange, supports } from '../metadata/feature-levels.ts'
import { storedHead } from '../metadata/store/metadata-store.ts'
import type { MetadataSource } from '../metadata/store/stored-values.ts'

/**
 * Before the log is opened, which may write: a broker that must not work in its cluster leaves its folder as it is. The
 * log may have a higher level than the store; then the broker stops applying there.
 * @throws TailraceError FEATURE_LEVEL_UNSUPPORTED, NEWER_FORMAT, STORAGE_CORRUPT
 */
export async function checkStoredLevel(
  store: MetadataSource,
  broker: BrokerId,
  levels: LevelRange = featureLevels,
): Promise<void> {
  const { featureLevel = 1 } = (await storedHead(store)) ?? {}
  if (!supports(levels, featureLevel)) throw outOfRange(broker, levels, featureLevel)
}
