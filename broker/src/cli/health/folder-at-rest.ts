import type { Disk } from '../../platform/disk.ts'
import { DiskError } from '../../platform/disk.ts'
import { UsageError } from '../command-failure.ts'
import { listed } from './doctor-findings.ts'

export interface FolderAccess {
  readonly disk: Disk
  /** The process that has locked the file; null: none, or not known. */
  readonly lockHolder: (path: string) => Promise<number | null>
  /** By path: a text that differs once a file is written or replaced. */
  readonly stampsOf: (folder: string) => Promise<ReadonlyMap<string, string>>
}

/** Some of these are in every data folder. */
const marks = ['identity.json', 'format', 'log', 'state']

/**
 * Makes sure that the folder is a broker's, and that no broker uses it whose locks are seen here: one in a container
 * with a network and process numbers of its own is found by `whileAtRest` only.
 * @throws UsageError
 */
export async function takeFolder(
  folder: string,
  { disk, lockHolder }: Pick<FolderAccess, 'disk' | 'lockHolder'>,
): Promise<void> {
  const names = await disk.list(folder).catch((error: Error) => {
    throw new UsageError(`${folder} cannot be read: ${error.message}`, { cause: error })
  })
  if (!marks.some((name) => names.includes(name))) {
    const inside = names.filter((name) => /^broker-\d+$/.test(name)).sort()
    const hint = inside.length === 0 ? '' : `; name one of those in it: ${inside.join(', ')}`
    throw new UsageError(`${folder} is no data folder of a broker${hint}`)
  }
  // The state store locks a file of its own, whose holder can be told, also in another network namespace.
  const holder = await lockHolder(`${folder}/state/LOCK`)
  if (holder !== null) throw inUse(folder, holder)
  try {
    await disk.lock(folder)
  } catch (error) {
    if (error instanceof DiskError && error.kind === 'locked') throw inUse(folder, 0)
    throw error
  }
}

/**
 * The result of the work, if no file of the folder has changed meanwhile: else its reader has seen files of different
 * moments, and what looks like damage is none.
 * @throws UsageError
 */
export async function whileAtRest<Result>(
  folder: string,
  { stampsOf }: Pick<FolderAccess, 'stampsOf'>,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = await stampsOf(folder)
  const [outcome] = await Promise.allSettled([work()])
  const after = await stampsOf(folder)
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  )
  if (changed.length > 0) {
    throw new UsageError(
      `${folder} has changed while it was read (${listed(changed.sort(), 3)}), so nothing is known of it: a broker uses it, perhaps in another container; stop it first`,
    )
  }
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

function inUse(folder: string, pid: number): UsageError {
  const who = pid === 0 ? 'a broker' : `the process ${pid}`
  return new UsageError(
    `${folder} is in use by ${who}; stop it first. A broker that runs checks its segments by itself (docs/operations.md, "Quarantine")`,
  )
}
