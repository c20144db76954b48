import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { StateStore } from '../log/types.ts'
import type { IndexedConfiguration } from '../raft/config.ts'
import { members } from '../raft/quorum.ts'

/** Under which number a replica on this disk was admitted; founders have no record. */
function keyOf(group: GroupId): string {
  return `group/${group}/admission`
}

/**
 * The number under which a replica takes part. One that is on the disk is what it was created as, whatever it is to be now: who asks for it may not
 * have heard yet that it was removed and added again, or may have heard of that before the old one was removed. A new one is what it is asked to be, and
 * that is durable before it exists.
 */
export async function admissionOf(
  store: StateStore,
  group: GroupId,
  broker: BrokerId,
  { stored, wanted, configurations = [] }: Found,
): Promise<number> {
  const record = await store.get(keyOf(group))
  if (stored) {
    if (record !== null) return Number(new TextDecoder().decode(record))
    // No record, and the log says otherwise: the store was lost.
    const last = configurations.findLast(({ configuration }) => members(configuration).includes(broker))
    return last?.configuration.admissions?.[broker] ?? 0
  }
  if (wanted === 0 && record === null) return 0
  await store.write([[keyOf(group), wanted === 0 ? null : new TextEncoder().encode(String(wanted))]])
  await store.flush()
  return wanted
}

interface Found {
  /** Its log is on the disk. */
  readonly stored: boolean
  readonly wanted: number
  readonly configurations?: readonly IndexedConfiguration[]
}

/** After the log is removed. */
export async function dropAdmission(store: StateStore, group: GroupId): Promise<void> {
  await store.write([[keyOf(group), null]])
}
