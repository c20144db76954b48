import type { Disk } from '../../platform/disk.ts'
import { DiskError } from '../../platform/disk.ts'
import { UsageError } from '../command-failure.ts'

export interface FolderAccess {
  readonly disk: Disk
  /** The process that has locked the file; null: none, or not known. */
  readonly lockHolder: (path: string) => Promise<number | null>
}

/** Some of these are in every data folder. */
const marks = ['identity.json', 'format', 'log', 'state']

/**
 * Makes sure that the folder is a broker's, and that none uses it until this process ends.
 * @throws UsageError
 */
export async function takeFolder(folder: string, { disk, lockHolder }: FolderAccess): Promise<void> {
  const names = await disk.list(folder).catch((error: Error) => {
    throw new UsageError(`${folder} cannot be read: ${error.message}`, { cause: error })
  })
  if (!marks.some((name) => names.includes(name))) {
    const inside = names.filter((name) => /^broker-\d+$/.test(name)).sort()
    const hint = inside.length === 0 ? '' : `; name one of those in it: ${inside.join(', ')}`
    throw new UsageError(`${folder} is no data folder of a broker${hint}`)
  }
  // The state store locks a file of its own, whose holder can be told; also across network namespaces.
  const holder = await lockHolder(`${folder}/state/LOCK`)
  if (holder !== null) throw inUse(folder, holder)
  try {
    await disk.lock(folder)
  } catch (error) {
    if (error instanceof DiskError && error.kind === 'locked') throw inUse(folder, 0)
    throw error
  }
}

function inUse(folder: string, pid: number): UsageError {
  const who = pid === 0 ? 'a broker' : `the process ${pid}`
  return new UsageError(
    `${folder} is in use by ${who}; stop it first. A broker that runs checks its segments by itself (docs/operations.md, "Quarantine")`,
  )
}
