import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../log/log-storage.ts'
import { damagedFile } from '../log/recovery/damaged-file.ts'
import { openRocksStore, type RocksStoreOptions } from '../log/store/rocks-store.ts'
import { checkStateFormat } from '../log/store/state-format.ts'
import type { Logger } from '../platform/logger.ts'
import { nodeDisk } from '../platform/node/disk.ts'

/**
 * Opens the state store of a data folder. `hadState`: there was one before, so that a store with a missing file is not
 * taken for a new one.
 * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
 */
export async function openState(
  folder: string,
  hadState: boolean,
  logger: Logger,
  options: RocksStoreOptions,
): Promise<StateStore> {
  const names = await nodeDisk.list(folder)
  if (hadState && names.length === 0)
    logger.warn({ folder }, 'the state store is missing; it is made again from the log and from other brokers')
  // RocksDB would make a new store in its place.
  if (hadState && names.length > 0 && !names.includes('CURRENT'))
    throw damagedFile(`${folder}/CURRENT`, 'it is missing')
  try {
    const store = await openRocksStore(folder, options)
    await checkStateFormat(store)
    return store
  } catch (error) {
    if (error instanceof TailraceError) throw error
    throw damagedFile(folder, `the state store cannot be opened: ${(error as Error).message}`, { cause: error })
  }
}
