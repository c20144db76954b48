import { BatchWriter, Compression, crc32c } from '@tailrace/schemas'
import { MANIFESTS } from '../../../broker/src/cli/backup/backup-files.ts'
import type { Backup } from '../../../broker/src/cli/backup/backup-shape.ts'
import { ChunkStore } from '../../../broker/src/cli/backup/chunk-store.ts'
import { ExistingBackups } from '../../../broker/src/cli/backup/existing-backups.ts'
import { folderStore } from '../../../broker/src/cli/backup/folder-store.ts'
import { manifestText, newBackup } from '../../../broker/src/cli/backup/manifest.ts'
import { recordsIn } from '../../../broker/src/cli/backup/topics-of-backup.ts'
import { verifyTopics } from '../../../broker/src/cli/backup/verify-backup.ts'
import { CommandFailure } from '../../../broker/src/cli/command-failure.ts'
import { MemoryDisk } from '../../../broker/src/platform/memory/disk.ts'
import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { isTokenId, isUserName } from '../../../broker/src/security/acl/table-checks.ts'
import { oddJson } from '../odd-json.ts'
import { type FuzzTarget, text, type Verdict } from '../target.ts'

const never = new AbortController().signal
const disk = new MemoryDisk()
const store = folderStore('/backups', disk)
const chunksIn = { store, crypto: nodeCrypto, crc32c }
await disk.makeFolder(`/backups/${MANIFESTS}`)
const kept = await disk.open(`/backups/${MANIFESTS}/b.json`)

function batch(): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 1, key: 'k', value: 'v' })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
}

/** A backup of one record, whose chunk is in the folder. */
async function soundBackup(): Promise<Backup> {
  const { file } = await new ChunkStore('t1', 0, chunksIn).write([batch()])
  const acl = { principal: 'User:ann', host: '*', operation: 'read', permission: 'allow' } as const
  const resource = { type: 'topic', name: 'flights', pattern: 'literal' } as const
  const config = { maxBatchBytes: 2_000_000, readOnly: true }
  const partitions = [
    { from: 0, end: 1, chunks: [file] },
    { from: 5, end: 5, chunks: [] },
  ]
  const bytes = (count: number) => Buffer.alloc(count, 7).toString('base64')
  const scram = { salt: bytes(16), iterations: 4096, storedKey: bytes(32), serverKey: bytes(32) }
  const made = { createdAt: 1.7e12, createdBy: 'User:ann', expiresAt: null }
  const token = { id: 'ab'.repeat(12), hash: bytes(32), principal: 'User:svc', scope: null, ...made }
  return newBackup({
    clusterId: 'c',
    startedAt: 1.7e12,
    endedAt: 1.7e12,
    topics: [{ name: 'flights', id: 't1', replicas: 3, config, partitions }],
    rules: { acls: [{ ...acl, resource }], quotas: [] },
    credentials: { users: [{ name: 'ann', scram: { 'SCRAM-SHA-256': scram } }], tokens: [token] },
  })
}

const backup = await soundBackup()
const soundText = manifestText(backup, nodeCrypto)
const [AS_TEXT, ODD_PARTS] = [0, 1]

/** The first byte says whether the rest is a manifest, or choices of odd parts for a sound one. */
function manifestOf(input: Uint8Array): Uint8Array {
  const rest = input.subarray(1)
  if ((input[0] ?? AS_TEXT) % 2 === AS_TEXT) return rest
  return text(manifestText(JSON.parse(oddJson(backup, rest) || 'null') as Backup, nodeCrypto))
}

async function read(): Promise<Verdict> {
  for await (const found of new ExistingBackups(store, nodeCrypto).all()) {
    if ('error' in found) throw found.error
    const { startedAt, endedAt, topics, credentials } = found.backup
    for (const { name } of credentials?.users ?? []) if (!isUserName(name)) throw new Error(`${name} is no user`)
    for (const { id } of credentials?.tokens ?? []) if (!isTokenId(id)) throw new Error(`${id} is no token`)
    const shown = [new Date(startedAt).toISOString(), new Date(endedAt).toISOString(), recordsIn(topics)]
    if (!Number.isFinite(shown[2]) || (shown[2] as number) < 0) throw new Error(`${shown} is no summary`)
    await verifyTopics(topics, chunksIn, never)
  }
  return 'taken'
}

/** Manifests of backups: each is listed and verified. */
export const backupManifests: FuzzTarget = {
  name: 'backup-manifest',
  samples: [
    Uint8Array.of(AS_TEXT, ...text(soundText)),
    Uint8Array.of(ODD_PARTS, 9, 3),
    Uint8Array.of(ODD_PARTS, 1, 2, 3, 4, 5, 6),
  ],
  seal(input) {
    if ((input[0] ?? AS_TEXT) % 2 !== AS_TEXT) return input
    try {
      const changed = JSON.parse(new TextDecoder().decode(input.subarray(1))) as { backup: Backup }
      return Uint8Array.of(AS_TEXT, ...text(manifestText(changed.backup, nodeCrypto)))
    } catch {
      return input
    }
  },
  async run(input) {
    await kept.truncate(0)
    await kept.write([manifestOf(input)], 0)
    await kept.sync()
    try {
      return await read()
    } catch (error) {
      const isRefusal =
        error instanceof CommandFailure && ['STORAGE_CORRUPT', 'NEWER_FORMAT'].includes(error.shape.code)
      if (!isRefusal) throw error
      return 'refused'
    }
  },
}
