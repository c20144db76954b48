import type { Disk } from '../../platform/disk.ts'
import type { BackupStore } from './backup-store.ts'

/** A folder of this machine. */
export function folderStore(root: string, disk: Disk): BackupStore {
  const at = (path: string): string => `${root}/${path}`
  return {
    nameOf: at,
    list: (folder) => disk.list(at(folder)),
    async read(path) {
      const size = await disk.size(at(path))
      if (size === null) return null
      const bytes = new Uint8Array(size)
      const file = await disk.open(at(path))
      try {
        return bytes.subarray(0, await file.read(bytes, 0))
      } finally {
        await file.close()
      }
    },
    async write(path, bytes) {
      const folder = at(path).slice(0, at(path).lastIndexOf('/'))
      const draft = `${at(path)}.new`
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
  }
}
