import { crc32c } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { IdentityFile } from '../../broker/src/cluster/formation/identity-file.ts'
import { LivesFile } from '../../broker/src/cluster/formation/lives-file.ts'
import { readCheckpoint, writeCheckpoint } from '../../broker/src/log/recovery/checkpoint.ts'
import { readDataFormat, writeDataFormat } from '../../broker/src/log/recovery/data-format.ts'
import type { Disk } from '../../broker/src/platform/disk.ts'
import { MemoryDisk } from '../../broker/src/platform/memory/disk.ts'
import { seededRandom } from '../../broker/src/platform/testing/random.ts'

/** A small file on which a start relies. */
interface KeptFile {
  /** The work of the process that is killed. */
  write(disk: Disk): Promise<unknown>
  /** The work of each later start; resolves with the content that it has found. */
  start(disk: Disk): Promise<unknown>
}

const folder = 'data'
const place = { sequence: 0, epoch: 0, file: '', base: 0 }

const files: Record<string, KeptFile> = {
  'the first checkpoint': {
    write: (disk) => writeCheckpoint(disk, folder, { generation: 1, place, nextIncarnation: 7, groups: [] }, crc32c),
    start: (disk) => readCheckpoint(disk, folder, crc32c),
  },
  'a later checkpoint': {
    async write(disk) {
      for (const generation of [1, 2, 3])
        await writeCheckpoint(disk, folder, { generation, place, nextIncarnation: generation, groups: [] }, crc32c)
    },
    start: (disk) => readCheckpoint(disk, folder, crc32c),
  },
  'the identity of the broker': {
    write: (disk) => new IdentityFile(disk, folder, 1).load(seededRandom(1)),
    async start(disk) {
      const file = new IdentityFile(disk, folder, 1)
      const isNew = await file.load(seededRandom(2))
      return { isNew, directoryId: file.directoryId }
    },
  },
  'the lives of the folder': {
    write: (disk) => new LivesFile(disk, folder).begin('a'),
    async start(disk) {
      const file = new LivesFile(disk, folder)
      await file.begin('b')
      return file.lives[0]
    },
  },
  'the format of the folder': {
    write: (disk) => writeDataFormat(disk, folder, crc32c),
    async start(disk) {
      const found = await readDataFormat(disk, folder, crc32c)
      await writeDataFormat(disk, folder, crc32c)
      return found
    },
  },
}

test.each(Object.entries(files))(
  '%s: the content that a start has found is there after a power failure',
  async (_, file) => {
    const disk = new MemoryDisk()
    await disk.makeFolder(folder)
    await disk.syncFolder('')
    await file.write(withoutSyncs(disk))
    const found = await file.start(disk.mount())
    disk.crash(() => 0)
    expect(await file.start(disk.mount())).toEqual(found)
  },
)

test('control: without the start between, a power failure loses bytes that were not synced', async () => {
  for (const [name, file] of Object.entries(files)) {
    const disk = new MemoryDisk()
    await disk.makeFolder(folder)
    await disk.syncFolder('')
    await file.write(withoutSyncs(disk))
    const found = await file.start(disk.mount())
    const other = new MemoryDisk()
    await other.makeFolder(folder)
    await other.syncFolder('')
    await file.write(withoutSyncs(other))
    other.crash(() => 0)
    expect(await file.start(other.mount()), name).not.toEqual(found)
  }
})

/** The process is killed before each sync: the kernel has the written bytes, the disk does not. */
function withoutSyncs(disk: MemoryDisk): Disk {
  const mounted = disk.mount()
  return {
    open: async (path) => {
      const file = await mounted.open(path)
      return new Proxy(file, {
        get: (target, key) => {
          if (key === 'sync') return async () => {}
          const value = Reflect.get(target, key)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
    list: (path) => mounted.list(path),
    makeFolder: (path) => mounted.makeFolder(path),
    rename: (from, to) => mounted.rename(from, to),
    remove: (path) => mounted.remove(path),
    syncFolder: async () => {},
    size: (path) => mounted.size(path),
    free: (path) => mounted.free(path),
    lock: (path) => mounted.lock(path),
  }
}
