import type { Trouble } from '../api/trouble.ts'
import type { LogStorage } from '../log/log-storage.ts'

const HOUR_SECONDS = 3600
/** A disk that is full sooner is a trouble, as it is for the doctor. */
const SOON_SECONDS = 24 * HOUR_SECONDS

/** What people should be shown of the disk. Figures that change each second are not in it: watches send each change. */
export function diskTroubles({
  writable,
  usage,
  metrics,
}: Pick<LogStorage, 'writable' | 'usage' | 'metrics'>): Trouble[] {
  const { freeBytes, reserveBytes, secondsUntilFull } = usage
  const troubles: Trouble[] = []
  if (!writable) troubles.push({ kind: 'disk-full', amount: reserveBytes })
  else if (secondsUntilFull < SOON_SECONDS)
    troubles.push({ kind: 'disk-filling', amount: Math.max(1, Math.round(secondsUntilFull / HOUR_SECONDS)) })
  else if (freeBytes < 2 * reserveBytes) troubles.push({ kind: 'disk-low', amount: reserveBytes })
  const failures = Object.values(metrics.corruptPlaces).reduce((sum, count) => sum + count, 0)
  if (failures > 0) troubles.push({ kind: 'checksum-failures', amount: failures })
  return troubles
}
