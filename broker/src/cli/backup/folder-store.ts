import type { Disk } from '../../platform/disk.ts'
import type { BackupStore } from './backup-store.ts'
import { damaged } from './damage.ts'

/** Of a file that is being written. */
const UNFINISHED = '.new'

/** A folder of this machine. */
export function folderStore(root: string, disk: Disk): BackupStore {
  const at = (path: string): string => `${root}/${path}`
  const readAt = async (path: string, position: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length)
    const file = await disk.open(at(path))
    try {
      return bytes.subarray(0, await file.read(bytes, position))
    } finally {
      await file.close()
    }
  }
  return {
    nameOf: at,
    list: (folder) => disk.list(at(folder)),
    async read(path, mostBytes) {
      const size = await disk.size(at(path))
      if (size === null) return null
      if (size > mostBytes) throw damaged(at(path), `it has ${size} bytes, but can have ${mostBytes} at most`)
      return readAt(path, 0, size)
    },
    async readEnd(path, bytes) {
      const size = await disk.size(at(path))
      return size === null ? null : readAt(path, Math.max(0, size - bytes), Math.min(size, bytes))
    },
    async write(path, bytes) {
      const folder = at(path).slice(0, at(path).lastIndexOf('/'))
      const draft = `${at(path)}${UNFINISHED}`
      await disk.makeFolder(folder)
      await disk.remove(draft)
      const file = await disk.open(draft)
      try {
        await file.write([bytes], 0)
        await file.sync()
      } finally {
        await file.close()
      }
      await disk.rename(draft, at(path))
      await disk.syncFolder(folder)
    },
    async removeUnfinished(folder) {
      const files = await disk.list(at(folder))
      for (const file of files) if (file.endsWith(UNFINISHED)) await disk.remove(`${at(folder)}/${file}`)
    },
  }
}
