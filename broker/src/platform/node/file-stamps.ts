import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskError } from '../disk.ts'
import { codeOf } from './error-code.ts'

/**
 * Size, inode and time of the last change of each file in a folder and below, by path: a text that differs once
 * the file is written or replaced. @throws DiskError
 */
export async function fileStamps(folder: string): Promise<ReadonlyMap<string, string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    const stamps = new Map<string, string>()
    for (const path of paths) stamps.set(path, await stampOf(path))
    return stamps
  } catch (error) {
    throw new DiskError('failed', `cannot list ${folder}: ${(error as Error).message}`, { cause: error })
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const { size, ino, mtimeNs } = await stat(path, { bigint: true })
    return `${size} ${ino} ${mtimeNs}`
  } catch (error) {
    // Removed since it was listed.
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}
