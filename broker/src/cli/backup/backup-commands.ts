import type { Clock } from '../../platform/clock.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { nodeDisk } from '../../platform/node/disk.ts'
import { readOnlyDisk } from '../../platform/node/read-only-disk.ts'
import { connectionOf, sdkOptions } from '../access/connection.ts'
import { adminClient } from '../admin/admin-client.ts'
import { CommandFailure, ExitCode, explain, UsageError } from '../command-failure.ts'
import type { ClientOptions } from '../commands/shared-options.ts'
import { grouped, plural, sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { MANIFESTS, MOST_MANIFEST_BYTES, manifestFile } from './backup-files.ts'
import { chunksIn, storeAt } from './backup-place.ts'
import type { Backup } from './backup-shape.ts'
import { ByteProgress } from './byte-progress.ts'
import { clusterRecords } from './cluster-records.ts'
import { createBackup } from './create-backup.ts'
import { credentialsText } from './credentials-text.ts'
import { checkName, ExistingBackups } from './existing-backups.ts'
import { manifestText } from './manifest.ts'
import { RateLimit } from './rate-limit.ts'
import { recordsIn, topicsOf } from './topics-of-backup.ts'
import { verifyTopics } from './verify-backup.ts'

export interface BackupOptions {
  /** Or a place like s3://bucket/prefix. */
  readonly folder: string
  /** Undefined: a new one by the time; of those that exist the last one. */
  readonly name?: string | undefined
  readonly topics: readonly string[]
  readonly bytesPerSecond: number | null
}

const clock: Clock = nodeClock

export interface CreateOptions extends BackupOptions {
  /** Users and tokens, too. */
  readonly withCredentials: boolean
}

export async function create(options: CreateOptions, flags: ClientOptions, terminal: Terminal): Promise<void> {
  const { folder, topics, bytesPerSecond, withCredentials } = options
  const name = options.name ?? new Date(clock.now()).toISOString().replaceAll(':', '-')
  checkName(name)
  const store = await storeAt(folder, nodeDisk, terminal.interrupted)
  const names = await new ExistingBackups(store, nodeCrypto).names()
  if (names.includes(name)) throw new UsageError(`there is a backup ${name} in ${folder} already`)
  await store.removeUnfinished(MANIFESTS)
  const connection = await connectionOf(flags, terminal)
  const signal = terminal.interrupted
  const records = clusterRecords(sdkOptions(connection), clock, signal)
  const progress = new ByteProgress(terminal, clock, 'copied')
  try {
    const backup = await createBackup(topics, {
      ...chunksIn(store),
      withCredentials,
      admin: adminClient(async () => connection, signal),
      records,
      clock,
      limit: new RateLimit(clock, bytesPerSecond),
      signal,
      onBytes: (bytes) => progress.add(bytes),
    })
    await store.write(manifestFile(name), manifestBytes(backup))
    progress.end()
    if (flags.json) terminal.print(JSON.stringify({ name, copiedBytes: progress.bytes, ...summary(backup) }))
    else terminal.print(createdText(name, folder, backup, progress.bytes))
  } finally {
    progress.end()
    records.close()
  }
}

/** Those that cannot be read are named with the reason, and make the command fail. */
export async function list(
  { folder }: { folder: string },
  flags: ClientOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const json = flags.json === true
  const backups = []
  const unreadable = []
  const store = await storeAt(folder, readOnlyDisk, terminal.interrupted)
  for await (const found of new ExistingBackups(store, nodeCrypto).all()) {
    terminal.interrupted.throwIfAborted()
    if ('error' in found) unreadable.push(found)
    else backups.push({ name: found.name, ...summary(found.backup) })
  }
  backups.sort((one, other) => one.startedAt.localeCompare(other.startedAt))
  if (json) {
    const errors = unreadable.map(({ name, error }) => ({ name, error: JSON.parse(explain(error, true)) as object }))
    terminal.print(JSON.stringify([...backups, ...errors]))
  } else if (backups.length + unreadable.length === 0) terminal.print(`There is no backup in ${folder}.`)
  else if (backups.length > 0) terminal.print(listText(backups, terminal.width))
  for (const { name, error } of json ? [] : unreadable) terminal.complain(`${name} is bad: ${explain(error, false)}`)
  return unreadable.length === 0 ? ExitCode.Done : ExitCode.Failed
}

export async function verify(options: BackupOptions, { json }: ClientOptions, terminal: Terminal): Promise<void> {
  const store = await storeAt(options.folder, readOnlyDisk, terminal.interrupted)
  const { name, backup } = await new ExistingBackups(store, nodeCrypto).choose(options.name)
  const topics = topicsOf(backup, options.topics)
  const progress = new ByteProgress(terminal, clock, 'verified')
  try {
    const found = await verifyTopics(topics, chunksIn(store), terminal.interrupted, (bytes) => progress.add(bytes))
    progress.end()
    if (json) terminal.print(JSON.stringify({ name, topics: topics.length, ...found }))
    else
      terminal.print(
        `${name} is sound: ${plural(topics.length, 'topic')}, ${grouped(found.batches)} batches, ${sizeText(found.bytes)}`,
      )
  } finally {
    progress.end()
  }
}

/** @throws CommandFailure when it is longer than a manifest that can be read */
function manifestBytes(backup: Backup): Uint8Array {
  const bytes = new TextEncoder().encode(manifestText(backup, nodeCrypto))
  if (bytes.length <= MOST_MANIFEST_BYTES) return bytes
  throw new CommandFailure({
    code: 'INVALID_REQUEST',
    message: `The manifest of the backup would have ${sizeText(bytes.length)}, but can have ${sizeText(MOST_MANIFEST_BYTES)} at most.`,
    retriable: false,
    hint: 'Begin in a new folder, where chunks are larger, or choose fewer topics with --topic.',
  })
}

type Summary = ReturnType<typeof summary>

function listText(backups: readonly (Summary & { readonly name: string })[], width: number): string {
  return table(
    backups,
    [
      { title: 'NAME', of: ({ name }) => name },
      { title: 'TAKEN', of: ({ startedAt }) => startedAt },
      { title: 'TOPICS', of: ({ topics }) => grouped(topics), right: true },
      { title: 'RECORDS', of: ({ records }) => grouped(records), right: true },
      { title: 'CLUSTER', of: ({ clusterId }) => clusterId },
    ],
    width,
  )
}

function summary({ clusterId, startedAt, endedAt, topics, rules, credentials = null }: Backup) {
  const time = (ms: number) => new Date(ms).toISOString()
  const has = { rules: rules !== null, credentials: credentials !== null }
  const figures = { topics: topics.length, records: recordsIn(topics), ...has }
  return { clusterId, startedAt: time(startedAt), endedAt: time(endedAt), ...figures }
}

function createdText(name: string, folder: string, backup: Backup, bytes: number): string {
  const { topics, records, rules } = summary(backup)
  const copied = `${plural(topics, 'topic')} with ${plural(records, 'record')}, ${sizeText(bytes)} of them new`
  const without = rules ? '' : '\n  without rules and quotas: this user may not see them'
  const credentials = backup.credentials
    ? `\n  with ${credentialsText(backup.credentials)}: keep it as closed as a data folder`
    : ''
  return `made the backup ${name} in ${folder}: ${copied}${without}${credentials}`
}
