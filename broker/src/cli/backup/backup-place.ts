import type { Disk } from '../../platform/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { UsageError } from '../command-failure.ts'
import type { BackupStore } from './backup-store.ts'
import type { ChunkStoreDeps } from './chunk-store.ts'
import { folderStore } from './folder-store.ts'

/** @throws UsageError */
export function storeAt(place: string, disk: Disk): BackupStore {
  // A folder of that name would be made otherwise, and the backup looked for elsewhere.
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place)) throw new UsageError(`backups are kept in folders; ${place} is none`)
  return folderStore(place, disk)
}

/** What chunks in it are read and written with. */
export function chunksIn(store: BackupStore): ChunkStoreDeps {
  return { store, crypto: nodeCrypto, crc32c: nodeCrc32c }
}
