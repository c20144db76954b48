import type { Disk } from '../../platform/disk.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { UsageError } from '../command-failure.ts'
import type { BackupStore } from './backup-store.ts'
import type { ChunkStoreDeps } from './chunk-store.ts'
import { folderStore } from './folder-store.ts'

/**
 * `place`: a folder, or s3://bucket/prefix, which is asked until `signal` fires. `disk`: for a folder.
 * @throws UsageError
 */
export async function storeAt(place: string, disk: Disk, signal: AbortSignal): Promise<BackupStore> {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(place)) return folderStore(place, disk)
  const [{ readS3Place, s3Store }, { openS3 }] = await Promise.all([
    import('./s3-store.ts'),
    import('../../platform/node/s3-client.ts'),
  ])
  const inS3 = readS3Place(place)
  // A folder of that name would be made otherwise, and the backup looked for elsewhere.
  if (inS3 === null)
    throw new UsageError(`backups are kept in folders and at places like s3://bucket/prefix; ${place} is neither`)
  const s3 = await openS3()
  if (s3 === null)
    throw new UsageError(`${place} needs the package @aws-sdk/client-s3: "npm install @aws-sdk/client-s3"`)
  return s3Store(inS3, s3, signal)
}

/** What chunks in it are read and written with. */
export function chunksIn(store: BackupStore): ChunkStoreDeps {
  return { store, crypto: nodeCrypto, crc32c: nodeCrc32c }
}
