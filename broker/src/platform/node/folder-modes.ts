import type { Dirent } from 'node:fs'
import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'

/** Of files and folders that a broker makes: for its user alone, whatever the umask is. */
export const FILE_MODE = 0o600
const FOLDER_MODE = 0o700
const OTHERS = 0o077

/** Windows has no such modes: there the access list of a folder goes on to all within it. */
const hasModes = process.platform !== 'win32'

export interface Tightened {
  readonly folders: number
  readonly files: number
  /** Why some are as open as before: they are another user's, as the root of a mounted volume often is. */
  readonly problem: string | null
}

/** Makes the folder and its parents where they are missing, for this user alone. */
export async function makePrivateFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
  if (first === undefined || !hasModes) return
  // mkdir obeys the umask, also one that takes rights from the owner.
  for (let made = folder; made.length >= first.length; made = dirname(made)) await chmod(made, FOLDER_MODE)
}

/**
 * Takes the rights of others from a folder and all in it, which versions before have made open. The folder itself comes
 * last: while it is open, the next start looks at everything again. Null if it was closed.
 */
export async function tightenFolder(folder: string): Promise<Tightened | null> {
  if (!hasModes || ((await stat(folder)).mode & OTHERS) === 0) return null
  const found = { folders: 0, files: 0, problem: null as string | null }
  await tightenWithin(folder, found)
  await close(folder, FOLDER_MODE, found)
  return found
}

/** From now on all files that this process makes are for its user alone, those of RocksDB too. */
export function makeFilesPrivate(): void {
  // The mask is the process's: a thread of another program has none to set.
  if (hasModes && isMainThread) process.umask(OTHERS)
}

interface Found {
  folders: number
  files: number
  problem: string | null
}

async function tightenWithin(folder: string, found: Found): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await tightenWithin(path, found)
    if (entry.isDirectory() || entry.isFile()) await tightenEntry(path, entry, found)
  }
}

async function tightenEntry(path: string, entry: Dirent, found: Found): Promise<void> {
  if (((await lstat(path)).mode & OTHERS) !== 0) await close(path, entry.isDirectory() ? FOLDER_MODE : FILE_MODE, found)
}

async function close(path: string, mode: number, found: Found): Promise<void> {
  try {
    await chmod(path, mode)
    if (mode === FOLDER_MODE) found.folders++
    else found.files++
  } catch (error) {
    found.problem ??= (error as Error).message
  }
}
