import { formatTable, refuseNewer } from '@tailrace/schemas'
import type { StateStore } from '../log-storage.ts'
import { damagedFile } from '../recovery/damaged-file.ts'

/** The key sorts apart from all others. A store without it is of version 1. */
const KEY = 'format'

/**
 * Before anything else is read from the store: one version covers all keys and values in it.
 * @throws TailraceError NEWER_FORMAT; STORAGE_CORRUPT when it is no version
 */
export async function checkStateFormat(store: StateStore): Promise<void> {
  if ((await readStateFormat(store)) === null)
    await store.write([[KEY, new TextEncoder().encode(String(formatTable.stateStore.version))]])
}

/** Null: the store has none. @throws as `checkStateFormat` */
export async function readStateFormat(store: Pick<StateStore, 'get'>): Promise<number | null> {
  const found = await store.get(KEY)
  if (found === null) return null
  const version = Number(new TextDecoder().decode(found))
  refuseNewer('stateStore', version)
  if (!Number.isSafeInteger(version) || version < 1) throw damagedFile('The state store', 'its version is no number')
  return version
}
