import type { GroupId } from '@tailrace/schemas'
import type { LogStorage } from '../log/types.ts'
import type { Replica } from './replica.ts'

/**
 * The disk has lost synced writes. What stood in them is not known: any replica of this broker may lack entries that it has acknowledged, or a vote that it has given.
 * So each is quarantined until a later leader has made it whole (quarantine.ts), those that are not open yet included.
 */
export function distrustDisk(
  storage: LogStorage,
  replicaOf: (group: GroupId) => Replica | undefined,
  reason: string,
): void {
  for (const log of storage.groups()) {
    const replica = replicaOf(log.group)
    if (replica !== undefined) replica.driver.distrust(reason)
    else if (log.damage === null) log.lose(log.lastIndex + 1, log.endOffset, reason)
  }
}
