import { type Disk, DiskError } from '../disk.ts'
import { listForReading, nodeDisk, openForReading } from './disk.ts'

/**
 * The machine's file system for readers that must leave it as it is. Files are opened for reading only, and every
 * method that would change something rejects. What makes writes durable has nothing to do.
 */
export const readOnlyDisk: Disk = {
  async open(path) {
    const file = await openForReading(path)
    return {
      path,
      read: (into, position) => file.read(into, position),
      size: () => file.size(),
      close: () => file.close(),
      sync: async () => {},
      write: () => refuse('write', path),
      truncate: () => refuse('truncate', path),
    }
  },
  list: listForReading,
  size: (path) => nodeDisk.size(path),
  free: (folder) => nodeDisk.free(folder),
  lock: (folder) => nodeDisk.lock(folder),
  syncFolder: async () => {},
  makeFolder: (folder) => refuse('make', folder),
  rename: (from) => refuse('rename', from),
  remove: (path) => refuse('remove', path),
}

async function refuse(action: string, path: string): Promise<never> {
  throw new DiskError('failed', `cannot ${action} ${path}: it is opened for reading only`)
}
