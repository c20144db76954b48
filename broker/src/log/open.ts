import type { GroupId } from '@tailrace/schemas'
import type { Crc32c } from '../platform/checksum.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { type Checkpoint, readCheckpoint, stateOf, writeCheckpoint } from './checkpoint.ts'
import { Checkpointer } from './checkpointer.ts'
import { DiskSpace } from './disk-space.ts'
import { folderName, StoredGroupLog } from './group-log.ts'
import { BLOCK_BYTES } from './journal/block.ts'
import { Journal, type JournalPlace } from './journal/journal.ts'
import { JournalFile } from './journal/journal-file.ts'
import { type RecordOwner, RecordType, type RecordWriter } from './journal/record.ts'
import { Replay } from './journal/replay.ts'
import { ReplayedGroup } from './journal/replayed-group.ts'
import { JournalScan } from './journal/scan.ts'
import { Rounds } from './rounds.ts'
import { indexIntervalFor, type SegmentEnv } from './segment/env.ts'
import { GatherPool } from './segment/gather.ts'
import { IndexCache } from './segment/index-cache.ts'
import { OpenFiles } from './segment/open-files.ts'
import { restoreSegments } from './segment/restore.ts'
import { StoredLogs } from './storage.ts'
import { TailPool } from './tail-pool.ts'
import type { LogStorage, LogStorageOptions } from './types.ts'

export interface LogStorageDeps {
  readonly disk: Disk
  readonly clock: Clock
  readonly crc32c: Crc32c
}

/** A round is closed when it has this much; one chunk that is larger has a round of its own. */
const ROUND_BYTES = 4 * 1024 * 1024
/** Beside a chunk that fills a journal file there must be room for its group's other records. */
const CAPACITY_SLACK_BYTES = 1024
const MIN_JOURNAL_BLOCKS = 8

const nowhere: JournalPlace = { sequence: 0, epoch: 0, file: '', base: 0 }

/**
 * Opens the logs under `options.folder`, creating it where it is missing, and brings them to the state in which all rounds that were synced left them. The caller
 * has locked the folder. Damage of single groups is told by `GroupLog.damage`.
 * @throws TailraceError STORAGE_CORRUPT when no checkpoint can be read, so that not even the groups are known; DiskError
 */
export async function openLogStorage(deps: LogStorageDeps, options: LogStorageOptions): Promise<LogStorage> {
  const { disk, clock, crc32c } = deps
  const folder = options.folder
  const journalFolder = `${folder}/journal`
  const groupsFolder = `${folder}/groups`
  await disk.makeFolder(journalFolder)
  await disk.makeFolder(groupsFolder)
  await disk.syncFolder(folder)
  const space = new DiskSpace(disk, clock, folder, options.diskReserveBytes)
  await space.poll()
  const env = segmentEnv(deps, options, space)
  const logs = new StoredLogs(env, groupsFolder, space)

  const checkpoint = (await readCheckpoint(disk, folder, crc32c)) ?? (await firstCheckpoints(disk, folder, crc32c))
  const fileBytes = Math.max(MIN_JOURNAL_BLOCKS, Math.floor(options.journalFileBytes / BLOCK_BYTES)) * BLOCK_BYTES
  const files = await openJournalFiles(disk, journalFolder, fileBytes)
  const scan = new JournalScan(files, checkpoint.place, crc32c)
  const replay = new Replay(replayedGroups(checkpoint), checkpoint.nextIncarnation - 1, crc32c)
  for await (const round of scan.rounds()) replay.apply(round)
  replay.finish()
  logs.nextIncarnation = replay.highestIncarnation + 1

  const journal = new Journal({
    disk,
    folder: journalFolder,
    fileBytes,
    onSwitch: () => logs.onSwitch(),
    onFillError: (error) => logs.onFillError(error),
  })
  resumeJournal(journal, files, scan)
  const limits = {
    directBytes: options.directBytes,
    journalCapacity: journal.capacity - CAPACITY_SLACK_BYTES,
    roundBytes: Math.min(ROUND_BYTES, journal.capacity),
  }
  const { retryFull } = space
  const rounds = new Rounds({
    clock,
    crc32c,
    journal,
    metrics: env.metrics,
    limits,
    retryFull,
    onDurable: (_log, group, ticket) => logs.onDurable(group, ticket),
    onRound: (written) => logs.onRound(written),
    room: () => logs.room(),
    onFailure: (error) => logs.fail(error),
  })
  const checkpointer = new Checkpointer(
    {
      disk,
      crc32c,
      folder,
      journal,
      rounds,
      retryFull,
      logs: () => logs.logs(),
      nextIncarnation: () => logs.nextIncarnation,
      onFailure: (error) => logs.fail(error),
    },
    checkpoint.generation,
  )
  logs.connect({ journal, rounds, checkpointer })

  await restoreGroups(logs, replay, checkpoint)
  await removeStrangers(disk, groupsFolder, replay.groups)
  await rounds.write((writer) => writeOpening(writer, logs))
  if (replay.records > 0) checkpointer.request()
  return logs
}

function segmentEnv(deps: LogStorageDeps, options: LogStorageOptions, space: DiskSpace): SegmentEnv {
  return {
    disk: deps.disk,
    crc32c: deps.crc32c,
    files: new OpenFiles(deps.disk),
    indexes: new IndexCache(),
    gathers: new GatherPool(),
    pool: new TailPool(options.tailBytes),
    metrics: { rounds: 0, syncs: 0, journalBytes: 0, segmentBytes: 0, tailBytes: 0, replayedEntries: 0 },
    segmentBytes: options.segmentBytes,
    indexInterval: indexIntervalFor(options.segmentBytes),
    retryFull: space.retryFull,
  }
}

/** Both files, so that from now on one that cannot be read is known to be a loss. */
async function firstCheckpoints(disk: Disk, folder: string, crc: Crc32c): Promise<Checkpoint> {
  const empty = { place: nowhere, nextIncarnation: 1, groups: [] }
  await writeCheckpoint(disk, folder, { generation: 1, ...empty }, crc)
  await writeCheckpoint(disk, folder, { generation: 2, ...empty }, crc)
  return { generation: 2, ...empty }
}

async function openJournalFiles(disk: Disk, folder: string, bytes: number): Promise<JournalFile[]> {
  const names = (await disk.list(folder)).filter((name) => name.endsWith('.journal')).sort()
  return Promise.all(names.map((name) => JournalFile.open(disk, folder, name, bytes)))
}

function* replayedGroups(checkpoint: Checkpoint): Iterable<ReplayedGroup> {
  for (const record of checkpoint.groups) {
    const group = new ReplayedGroup(record.group, record.incarnation)
    group.counter = record.counter
    group.state = stateOf(record)
    group.inSegments = group.state.lastIndex
    group.damage = record.damage
    yield group
  }
}

/** The next round follows what the scan has found; files that it did not need are free. */
function resumeJournal(journal: Journal, files: readonly JournalFile[], scan: JournalScan): void {
  const { file, position, nextSequence, epoch } = scan.end
  const full = files.filter((candidate) => candidate !== file && scan.visited.has(candidate))
  full.sort((a, b) => a.base - b.base)
  const free = files.filter((candidate) => candidate !== file && !scan.visited.has(candidate))
  const names = files.map((candidate) => Number.parseInt(candidate.name, 10))
  const nextName = Math.max(0, ...names.filter(Number.isSafeInteger)) + 1
  journal.resume({ full, free, current: file, position, nextSequence, epoch: epoch + 1, nextName })
}

async function restoreGroups(logs: StoredLogs, replay: Replay, checkpoint: Checkpoint): Promise<void> {
  const records = new Map(checkpoint.groups.map((record) => [`${record.group}-${record.incarnation}`, record.segments]))
  for (const group of replay.groups.values()) {
    const name = folderName(group.id, group.incarnation)
    const folder = `${logs.groupsFolder}/${name}`
    const { segments, changed } = await restoreSegments(logs.env, folder, group, records.get(name) ?? [])
    const log = new StoredGroupLog(logs, group.id, group.incarnation, group.state)
    log.damage = group.damage
    log.pending.counter = group.counter
    log.pending.announced = true
    log.segments.restore(segments, Math.min(group.inSegments, group.state.lastIndex), changed)
    if (group.headers.length > 0) log.restore(group.headers, group.payloads)
    log.pending.stagedOps = log.segments.queued
    logs.env.metrics.replayedEntries += group.replayedEntries
    logs.adopt(log)
  }
}

/** Folders of groups that the journal does not know: removed, or never durable. */
async function removeStrangers(disk: Disk, groupsFolder: string, groups: Map<GroupId, ReplayedGroup>): Promise<void> {
  const known = new Set([...groups.values()].map((group) => folderName(group.id, group.incarnation)))
  for (const name of await disk.list(groupsFolder)) if (!known.has(name)) await disk.remove(`${groupsFolder}/${name}`)
}

/** The first round of an epoch says from where it goes on, for groups where that does not follow from the journal before it. */
function writeOpening(writer: RecordWriter, logs: StoredLogs): void {
  const nobody: RecordOwner = { id: 0, incarnation: 0, counter: 0 }
  writer.mark(RecordType.Open, nobody)
  for (const log of logs.logs()) {
    if (log.damage === null) continue
    const { lastIndex, endOffset, lastTerm } = log.state
    writer.damage(log.pending, log.damage.fromIndex, { lastIndex, endOffset, lastTerm, reason: log.damage.reason })
  }
}
