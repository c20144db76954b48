import { isTopicName, type Offset } from '@tailrace/schemas'
import type { TopicConfig } from '../../api/broker-api.ts'
import type { Quota } from '../../api/quotas.ts'
import type { Acl, StoredCredentials } from '../../api/security-api.ts'
import { isStoredToken, isStoredUser } from '../../security/acl/table-checks.ts'
import { isFileName, readChunkFile } from './backup-files.ts'

export interface PartitionBackup {
  /** The first record that the partition had. */
  readonly from: Offset
  /** The high watermark when the backup began, or the end of the batch that holds the record before it. */
  readonly end: Offset
  /** In order, without a gap. */
  readonly chunks: readonly string[]
  /** The highest fencing token that it had accepted; missing: none. */
  readonly fence?: number
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
  /** Users and tokens as the cluster stores them; missing or null: they were not asked for. */
  readonly credentials?: StoredCredentials | null
}

/** The latest time that a Date can have, in ms since 1970. */
const LATEST_MS = 8.64e15

/** Whether it can be worked with: a checksum says only that nobody has changed the text by accident. */
export function isBackup(value: object): value is Backup {
  const { clusterId, startedAt, endedAt, topics, rules, credentials } = value as Fields<Backup>
  if (typeof clusterId !== 'string' || !isTime(startedAt) || !isTime(endedAt)) return false
  if (!Array.isArray(topics) || !topics.every(isTopic) || !isRules(rules)) return false
  if (!isCredentials(credentials)) return false
  return new Set(topics.map(({ name }) => name)).size === topics.length
}

/** Of an unknown type each. */
type Fields<Shape> = { readonly [Name in keyof Shape]?: unknown }

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTime(value: unknown): boolean {
  return isCount(value) && value <= LATEST_MS
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isRules(value: unknown): boolean {
  if (value === null) return true
  if (!isObject(value)) return false
  const { acls, quotas } = value as Fields<NonNullable<Backup['rules']>>
  return [acls, quotas].every((rows) => Array.isArray(rows) && rows.every(isObject))
}

function isCredentials(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (!isObject(value)) return false
  const { users, tokens } = value as Fields<StoredCredentials>
  return Array.isArray(users) && users.every(isStoredUser) && Array.isArray(tokens) && tokens.every(isStoredToken)
}

function isTopic(value: unknown): boolean {
  if (!isObject(value)) return false
  const { name, id, replicas, config, partitions } = value as Fields<TopicBackup>
  if (!isTopicName(name) || typeof id !== 'string' || !isFileName(id)) return false
  if (!isCount(replicas) || replicas === 0 || !isConfig(config)) return false
  return Array.isArray(partitions) && partitions.length > 0 && partitions.every(isPartition)
}

/** Settings of later versions too: the cluster that gets them knows better. */
function isConfig(value: unknown): boolean {
  if (!isObject(value)) return false
  const { maxBatchBytes = 0, timestampAfterMaxMs = 0 } = value as Fields<TopicConfig>
  const isPlain = (setting: unknown) => ['number', 'boolean', 'string'].includes(typeof setting)
  return Object.values(value).every(isPlain) && isCount(maxBatchBytes) && isCount(timestampAfterMaxMs)
}

function isPartition(value: unknown): boolean {
  if (!isObject(value)) return false
  const { from, end, chunks, fence = 0 } = value as Fields<PartitionBackup>
  if (!isCount(fence) || !isCount(from) || !isCount(end) || from > end || !Array.isArray(chunks)) return false
  return chunks.every((file) => typeof file === 'string' && readChunkFile(file) !== null)
}
