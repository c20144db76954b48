import type { StoredCredentials } from '../../api/security-api.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { readOnlyDisk } from '../../platform/node/read-only-disk.ts'
import { connectionOf, sdkOptions } from '../access/connection.ts'
import { type AdminClient, adminClient } from '../admin/admin-client.ts'
import { UsageError } from '../command-failure.ts'
import type { ClientOptions } from '../commands/shared-options.ts'
import { grouped, plural } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'
import type { BackupOptions } from './backup-commands.ts'
import { chunksIn, storeAt } from './backup-place.ts'
import type { Backup, TopicBackup } from './backup-shape.ts'
import type { BackupStore } from './backup-store.ts'
import { ByteProgress } from './byte-progress.ts'
import { type ClusterRecords, clusterRecords } from './cluster-records.ts'
import { credentialsText } from './credentials-text.ts'
import { ExistingBackups } from './existing-backups.ts'
import { RateLimit } from './rate-limit.ts'
import {
  Made,
  type RestoredPartition,
  refuseExisting,
  restoreCredentials,
  restoreRules,
  restoreTopics,
} from './restore-backup.ts'
import { renamed, topicsOf } from './topics-of-backup.ts'
import { verifyTopics } from './verify-backup.ts'

export interface RestoreOptions extends BackupOptions {
  readonly renames: ReadonlyMap<string, string>
  /** Rules (ACLs) and quotas too. Undefined: only with all topics under their own names, which the rules are about. */
  readonly rules: boolean | undefined
  /** Users and tokens, too. */
  readonly withCredentials: boolean
}

export async function restore(options: RestoreOptions, flags: ClientOptions, terminal: Terminal): Promise<void> {
  const store = await storeAt(options.folder, readOnlyDisk, terminal.interrupted)
  const { name, backup } = await new ExistingBackups(store, nodeCrypto).choose(options.name)
  const topics = renamed(topicsOf(backup, options.topics), options.renames)
  const rules = rulesFor(backup, options)
  const credentials = credentialsFor(backup, options)
  const connection = await connectionOf(flags, terminal)
  const admin = adminClient(async () => connection, terminal.interrupted)
  await refuseExisting(topics, admin)
  const longestBatch = await verified(topics, store, terminal)
  const made = new Made()
  const records = clusterRecords(sdkOptions(connection), nodeClock, terminal.interrupted)
  try {
    const limit = new RateLimit(nodeClock, options.bytesPerSecond)
    const restored = await copied({ topics, longestBatch, made, store, admin, records, limit }, terminal)
    if (rules !== null) await restoreRules(rules, made, admin)
    // Users who sign in find the rules that hold for them.
    if (credentials !== null) await restoreCredentials(credentials, made, admin)
    const { acls, quotas, users, tokens } = made
    if (flags.json) terminal.print(JSON.stringify({ name, partitions: restored, acls, quotas, users, tokens }))
    else terminal.print([restoredText(name, restored, made), ...left(backup, rules, credentials)].join('\n'))
  } catch (error) {
    terminal.complain(flags.json ? JSON.stringify({ made }) : madeText(made))
    throw error
  } finally {
    records.close()
  }
}

/** @throws UsageError */
function rulesFor({ rules }: Backup, { topics, renames, rules: isAsked }: RestoreOptions): Backup['rules'] {
  if (isAsked === true && rules === null)
    throw new UsageError('the backup has no rules and quotas: the user who made it could not see them')
  const isWhole = topics.length === 0 && renames.size === 0
  return (isAsked ?? isWhole) ? rules : null
}

/** @throws UsageError */
function credentialsFor({ credentials = null }: Backup, { withCredentials }: RestoreOptions): StoredCredentials | null {
  if (withCredentials && credentials === null)
    throw new UsageError('the backup has no users and tokens: it was made without --credentials')
  return withCredentials ? credentials : null
}

/** Resolves with the length of the longest batch. */
async function verified(topics: readonly TopicBackup[], store: BackupStore, terminal: Terminal): Promise<number> {
  const progress = new ByteProgress(terminal, nodeClock, 'verified')
  try {
    const onBytes = (bytes: number) => progress.add(bytes)
    return (await verifyTopics(topics, chunksIn(store), terminal.interrupted, onBytes)).longestBatch
  } finally {
    progress.end()
  }
}

interface Copying {
  readonly topics: readonly TopicBackup[]
  readonly longestBatch: number
  readonly made: Made
  readonly store: BackupStore
  readonly admin: AdminClient
  readonly records: ClusterRecords
  readonly limit: RateLimit
}

async function copied(copying: Copying, terminal: Terminal): Promise<RestoredPartition[]> {
  const { topics, longestBatch, made, store, ...rest } = copying
  const progress = new ByteProgress(terminal, nodeClock, 'restored')
  try {
    const onBytes = (bytes: number) => progress.add(bytes)
    const deps = { ...chunksIn(store), ...rest, signal: terminal.interrupted, onBytes }
    return await restoreTopics(topics, longestBatch, made, deps)
  } finally {
    progress.end()
  }
}

function rulesText({ acls, quotas, users, tokens }: Made): string {
  const credentials = users + tokens === 0 ? '' : `, ${plural(users, 'user')} and ${plural(tokens, 'token')}`
  return `${plural(acls, 'rule')} (ACLs) and ${plural(quotas, 'quota')}${credentials}`
}

/** A line for each part that the backup has and that has not been restored, or not whole. */
function left(backup: Backup, rules: Backup['rules'], credentials: StoredCredentials | null): string[] {
  const lines: string[] = []
  if (rules === null && backup.rules !== null)
    lines.push('  without the rules and quotas of the backup: --rules restores them too')
  if (credentials === null && backup.credentials)
    lines.push(`  without its ${credentialsText(backup.credentials)}: --credentials restores them too`)
  if (credentials !== null)
    lines.push(
      `  of ${credentialsText(credentials)} those that were there stayed as they were, expired tokens were left out`,
    )
  return lines
}

function restoredText(name: string, restored: readonly RestoredPartition[], made: Made): string {
  const published = restored.reduce((sum, { records }) => sum + records, 0)
  const shifted = restored.filter(({ shift }) => shift > 0)
  return [
    `restored ${plural(made.topics.length, 'topic')} of ${name}, ${plural(published, 'record')}, ${rulesText(made)}`,
    ...shifted.map(
      ({ topic, partition, shift }) =>
        `  ${topic} partition ${partition}: offsets are lower by ${grouped(shift)}, its first records had been removed`,
    ),
  ].join('\n')
}

function madeText(made: Made): string {
  const { topics, partitions } = made
  if (topics.length === 0) return 'nothing has been made'
  return [
    `made so far: ${plural(topics.length, 'topic')} (${topics.join(', ')}), ${plural(partitions, 'partition')} with all records, ${rulesText(made)}`,
    '  delete these topics with "tailrace topic delete NAME" before you restore them again',
  ].join('\n')
}
