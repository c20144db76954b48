import type { Clock } from '../../platform/clock.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { nodeDisk } from '../../platform/node/disk.ts'
import { connectionOf, sdkOptions } from '../access/connection.ts'
import { adminClient } from '../admin/admin-client.ts'
import { UsageError } from '../command-failure.ts'
import type { ClientOptions } from '../commands/shared-options.ts'
import { grouped, plural, sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { isFileName, MANIFESTS, manifestFile, nameOfManifest } from './backup-files.ts'
import type { BackupStore } from './backup-store.ts'
import { ByteProgress } from './byte-progress.ts'
import { clusterRecords } from './cluster-records.ts'
import { createBackup } from './create-backup.ts'
import { folderStore } from './folder-store.ts'
import { type Backup, manifestText, readManifest, type TopicBackup } from './manifest.ts'
import { recordsOf } from './partition-copy.ts'
import { RateLimit } from './rate-limit.ts'
import { renamed, restoreRules, restoreTopics } from './restore-backup.ts'
import { verifyTopics } from './verify-backup.ts'

export interface BackupOptions {
  readonly folder: string
  /** Undefined: a new one by the time; of those that exist the last one. */
  readonly name?: string | undefined
  readonly topics: readonly string[]
  readonly bytesPerSecond: number | null
}

const clock: Clock = nodeClock
const chunksIn = (store: BackupStore) => ({ store, crypto: nodeCrypto, crc32c: nodeCrc32c })

export async function create(options: BackupOptions, flags: ClientOptions, terminal: Terminal): Promise<void> {
  const { folder, topics, bytesPerSecond } = options
  const name = options.name ?? new Date(clock.now()).toISOString().replaceAll(':', '-')
  checkName(name)
  const store = storeAt(folder)
  if ((await namesIn(store)).includes(name)) throw new UsageError(`there is a backup ${name} in ${folder} already`)
  const connection = await connectionOf(flags, terminal)
  const signal = terminal.interrupted
  const records = clusterRecords(sdkOptions(connection), clock, signal)
  const progress = new ByteProgress(terminal, clock, 'copied')
  try {
    const backup = await createBackup(topics, {
      ...chunksIn(store),
      admin: adminClient(async () => connection, signal),
      records,
      clock,
      limit: new RateLimit(clock, bytesPerSecond),
      signal,
      onBytes: (bytes) => progress.add(bytes),
    })
    await store.write(manifestFile(name), new TextEncoder().encode(manifestText(backup, nodeCrypto)))
    progress.end()
    if (flags.json) terminal.print(JSON.stringify({ name, copiedBytes: progress.bytes, ...summary(backup) }))
    else terminal.print(createdText(name, folder, backup, progress.bytes))
  } finally {
    progress.end()
    records.close()
  }
}

export async function list({ folder }: { folder: string }, { json }: ClientOptions, terminal: Terminal): Promise<void> {
  const store = storeAt(folder)
  const backups = []
  for (const name of await namesIn(store)) backups.push({ name, ...summary(await manifestOf(store, name)) })
  if (json) return terminal.print(JSON.stringify(backups))
  if (backups.length === 0) return terminal.print(`There is no backup in ${folder}.`)
  terminal.print(
    table(backups, [
      { title: 'NAME', of: ({ name }) => name },
      { title: 'TAKEN', of: ({ startedAt }) => startedAt },
      { title: 'TOPICS', of: ({ topics }) => grouped(topics) },
      { title: 'RECORDS', of: ({ records }) => grouped(records) },
      { title: 'CLUSTER', of: ({ clusterId }) => clusterId },
    ]),
  )
}

export async function verify(options: BackupOptions, { json }: ClientOptions, terminal: Terminal): Promise<void> {
  const { name, backup, store } = await chosen(options)
  const topics = topicsOf(backup, options.topics)
  const progress = new ByteProgress(terminal, clock, 'verified')
  const found = await verifyTopics(topics, chunksIn(store), terminal.interrupted, (bytes) => progress.add(bytes))
  progress.end()
  if (json) terminal.print(JSON.stringify({ name, topics: topics.length, ...found }))
  else
    terminal.print(
      `${name} is sound: ${plural(topics.length, 'topic')}, ${grouped(found.batches)} batches, ${sizeText(found.bytes)}`,
    )
}

export interface RestoreOptions extends BackupOptions {
  readonly renames: ReadonlyMap<string, string>
  readonly rules: boolean
}

export async function restore(options: RestoreOptions, flags: ClientOptions, terminal: Terminal): Promise<void> {
  const { bytesPerSecond, renames } = options
  const { name, backup, store } = await chosen(options)
  const topics = renamed(topicsOf(backup, options.topics), renames)
  const connection = await connectionOf(flags, terminal)
  const signal = terminal.interrupted
  const admin = adminClient(async () => connection, signal)
  const progress = new ByteProgress(terminal, clock, 'verified')
  const { longestBatch } = await verifyTopics(topics, chunksIn(store), signal, (bytes) => progress.add(bytes))
  progress.end()
  const records = clusterRecords(sdkOptions(connection), clock, signal)
  const copying = new ByteProgress(terminal, clock, 'restored')
  try {
    const limit = new RateLimit(clock, bytesPerSecond)
    const onBytes = (bytes: number) => copying.add(bytes)
    const deps = { ...chunksIn(store), admin, records, limit, signal, onBytes }
    const restored = await restoreTopics(topics, longestBatch, deps)
    copying.end()
    if (options.rules && backup.rules !== null) await restoreRules(backup.rules, admin)
    const shifted = restored.filter(({ shift }) => shift > 0)
    if (flags.json) return terminal.print(JSON.stringify({ name, partitions: restored }))
    const published = restored.reduce((sum, { records }) => sum + records, 0)
    terminal.print(`restored ${plural(topics.length, 'topic')} of ${name}, ${plural(published, 'record')}`)
    for (const { topic, partition, shift } of shifted) {
      terminal.print(
        `  ${topic} partition ${partition}: offsets are lower by ${grouped(shift)}, its first records had been removed`,
      )
    }
  } finally {
    copying.end()
    records.close()
  }
}

/** @throws UsageError */
function storeAt(place: string): BackupStore {
  // A folder of that name would be made otherwise, and the backup looked for elsewhere.
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place)) throw new UsageError(`backups are kept in folders; ${place} is none`)
  return folderStore(place, nodeDisk)
}

async function namesIn(store: BackupStore): Promise<string[]> {
  const files = await store.list(MANIFESTS)
  return files.flatMap((file) => nameOfManifest(file) ?? []).sort()
}

/** @throws UsageError, CommandFailure */
async function chosen({ folder, name }: BackupOptions): Promise<{ name: string; backup: Backup; store: BackupStore }> {
  if (name !== undefined) checkName(name)
  const store = storeAt(folder)
  const names = await namesIn(store)
  const wanted = name ?? names.at(-1)
  if (wanted !== undefined && names.includes(wanted))
    return { name: wanted, backup: await manifestOf(store, wanted), store }
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
  throw new UsageError(`there is no backup${name === undefined ? '' : ` ${name}`} in ${folder}: ${known}`)
}

async function manifestOf(store: BackupStore, name: string): Promise<Backup> {
  const path = store.nameOf(manifestFile(name))
  const bytes = await store.read(manifestFile(name))
  return readManifest(new TextDecoder().decode(bytes ?? new Uint8Array()), path, nodeCrypto)
}

/** @throws UsageError */
function checkName(name: string): void {
  if (!isFileName(name))
    throw new UsageError(`a backup cannot be called ${JSON.stringify(name)}: letters, digits and ._- make a name`)
}

/** All where none is named. @throws UsageError */
function topicsOf({ topics }: Backup, names: readonly string[]): TopicBackup[] {
  for (const name of names) {
    if (!topics.some((topic) => topic.name === name)) throw new UsageError(`the backup has no topic "${name}"`)
  }
  return topics.filter(({ name }) => names.length === 0 || names.includes(name))
}

function recordsIn(topics: readonly TopicBackup[]): number {
  return topics.reduce((sum, { partitions }) => sum + recordsOf(partitions), 0)
}

function summary({ clusterId, startedAt, endedAt, topics, rules }: Backup) {
  const time = (ms: number) => new Date(ms).toISOString()
  const figures = { topics: topics.length, records: recordsIn(topics), rules: rules !== null }
  return { clusterId, startedAt: time(startedAt), endedAt: time(endedAt), ...figures }
}

function createdText(name: string, folder: string, backup: Backup, bytes: number): string {
  const { topics, records, rules } = summary(backup)
  const copied = `${plural(topics, 'topic')} with ${plural(records, 'record')}, ${sizeText(bytes)} of them new`
  const without = rules ? '' : '\n  without rules and quotas: this user may not see them'
  return `made the backup ${name} in ${folder}: ${copied}${without}`
}
