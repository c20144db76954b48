import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskError } from '../disk.ts'
import { codeOf } from './error-code.ts'

/** The stamp of each file in a folder and below, by path; empty for one that is removed meanwhile. @throws DiskError */
export async function fileStamps(folder: string): Promise<ReadonlyMap<string, string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    const stamps = new Map<string, string>()
    for (const path of paths) stamps.set(path, await stampIfAny(path))
    return stamps
  } catch (error) {
    throw new DiskError('failed', `cannot list ${folder}: ${(error as Error).message}`, { cause: error })
  }
}

/** A text that differs once the file is written or replaced, or its rights are changed: a look that reads nothing. */
export async function fileStamp(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
}

async function stampIfAny(path: string): Promise<string> {
  try {
    return await fileStamp(path)
  } catch (error) {
    // Removed since it was listed.
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}
