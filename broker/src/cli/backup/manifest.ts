import type { Offset } from '@tailrace/schemas'
import type { TopicConfig } from '../../api/broker-api.ts'
import type { Quota } from '../../api/quotas.ts'
import type { Acl } from '../../api/security-api.ts'
import type { Crypto } from '../../platform/crypto.ts'
import { CommandFailure } from '../command-failure.ts'
import { isFileName, readChunkFile } from './backup-files.ts'

/** Of the manifest; a later version of Tailrace may write another one. */
const FORMAT = 1

export interface PartitionBackup {
  /** The first record that the partition had. */
  readonly from: Offset
  /** The high watermark when the backup began, or the end of the batch that holds the record before it. */
  readonly end: Offset
  /** In order, without a gap. */
  readonly chunks: readonly string[]
}

export interface TopicBackup {
  readonly name: string
  readonly id: string
  readonly replicas: number
  readonly config: TopicConfig
  readonly partitions: readonly PartitionBackup[]
}

export interface Backup {
  readonly format: number
  readonly clusterId: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number
  readonly topics: readonly TopicBackup[]
  /** Null: who made the backup may not see them. */
  readonly rules: { readonly acls: readonly Acl[]; readonly quotas: readonly Quota[] } | null
}

export function newBackup(fields: Omit<Backup, 'format'>): Backup {
  return { format: FORMAT, ...fields }
}

export function manifestText(backup: Backup, crypto: Pick<Crypto, 'hash'>): string {
  return `${JSON.stringify({ sha256: digest(backup, crypto), backup }, null, 1)}\n`
}

/** @throws CommandFailure STORAGE_CORRUPT, NEWER_FORMAT; they name the file */
export function readManifest(text: string, file: string, crypto: Pick<Crypto, 'hash'>): Backup {
  const parsed = parse(text) as { sha256?: unknown; backup?: Partial<Backup> } | null
  const backup = parsed?.backup
  if (typeof backup !== 'object' || backup === null || parsed!.sha256 !== digest(backup, crypto)) {
    throw damaged(file, 'its checksum does not fit its content')
  }
  if (backup.format !== FORMAT) {
    throw new CommandFailure({
      code: 'NEWER_FORMAT',
      message: `${file} has format ${String(backup.format)}; this version of Tailrace reads format ${FORMAT}.`,
      retriable: false,
      hint: 'Restore it with the version of Tailrace that made it, or a later one.',
    })
  }
  if (!isBackup(backup as Backup)) throw damaged(file, 'it is no manifest of a backup')
  return backup as Backup
}

export function damaged(file: string, why: string): CommandFailure {
  return new CommandFailure({
    code: 'STORAGE_CORRUPT',
    message: `${file} is damaged: ${why}.`,
    retriable: false,
    hint: 'Nothing has been restored of it. Use another copy of the backup, or leave its topic out with --topic.',
  })
}

function digest(backup: object, crypto: Pick<Crypto, 'hash'>): string {
  return Buffer.from(crypto.hash('sha256', new TextEncoder().encode(JSON.stringify(backup)))).toString('hex')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** What paths are made of, and what is counted with: the checksum vouches for the rest. */
function isBackup({ topics, rules }: Backup): boolean {
  const isRules = rules === null || (Array.isArray(rules?.acls) && Array.isArray(rules?.quotas))
  return isRules && Array.isArray(topics) && topics.every(isTopic)
}

function isTopic({ name, id, partitions }: TopicBackup): boolean {
  return typeof name === 'string' && isFileName(id) && Array.isArray(partitions) && partitions.every(isPartition)
}

function isPartition({ from, end, chunks }: PartitionBackup): boolean {
  const areOffsets = Number.isSafeInteger(from) && Number.isSafeInteger(end)
  return areOffsets && Array.isArray(chunks) && chunks.every((file) => readChunkFile(file) !== null)
}
