import type { GroupId, LogIndex, Term } from '@tailrace/schemas'
import type { StateStore } from '../../../log/log-storage.ts'
import { hasFields, isWhole, storedJson } from '../../../log/store/stored-json.ts'

/**
 * Written before an installation replaces a replica's derived state, and with it: that state covers the log of another
 * replica up to here. After a crash in between, the log here may be the old one, of which no entry after its start is
 * known to be committed.
 */
export interface InstallRecord {
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
}

function keyOf(group: GroupId): string {
  return `install/${String(group).padStart(12, '0')}`
}

export async function loadInstallRecord(store: Pick<StateStore, 'get'>, group: GroupId): Promise<InstallRecord | null> {
  const bytes = await store.get(keyOf(group))
  return bytes === null ? null : storedJson(keyOf(group), bytes, isInstallRecord)
}

function isInstallRecord(value: unknown): value is InstallRecord {
  return hasFields(value, { lastIndex: isWhole, lastTerm: isWhole })
}

export async function saveInstallRecord(store: StateStore, group: GroupId, record: InstallRecord): Promise<void> {
  await store.write([[keyOf(group), new TextEncoder().encode(JSON.stringify(record))]])
}

/** The log is the new one, or has reached beyond it. */
export async function dropInstallRecord(store: StateStore, group: GroupId): Promise<void> {
  await store.write([[keyOf(group), null]])
}
