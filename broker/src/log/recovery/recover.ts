import type { GroupId } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import { folderName } from '../group-folder.ts'
import { StoredGroupLog } from '../group-log.ts'
import { readDurableMark } from '../journal/durable-mark.ts'
import type { Journal, JournalPlace } from '../journal/journal.ts'
import { JournalFile } from '../journal/journal-file.ts'
import { Replay } from '../journal/replay.ts'
import { ReplayedGroup } from '../journal/replayed-group.ts'
import { JournalScan, type ScannedRound } from '../journal/scan.ts'
import { STAGED } from '../received-log.ts'
import { restoreSegments } from '../segment/restore.ts'
import { refuseNewerSegments } from '../segment/segment.ts'
import type { DiskSpace } from '../space/disk-space.ts'
import type { StoredLogs } from '../stored-logs.ts'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { damagedFile } from './damaged-file.ts'
import { areUnwritten, sharedSyncs } from './unwritten.ts'

const nowhere: JournalPlace = { sequence: 0, epoch: 0, file: '', base: 0 }

/** The state in checkpoint and journal, and the place where the journal continues. */
export interface RecoveredJournal {
  readonly checkpoint: Checkpoint
  readonly replay: Replay
  /** The files of each folder of a group. */
  readonly names: ReadonlyMap<string, readonly string[]>
  /** Of the journal. */
  readonly lastBlock: number
  resume(journal: Journal): void
}

/** Reads the newest checkpoint and applies the journal after it. @throws TailraceError STORAGE_CORRUPT; DiskError */
export async function replayJournal(
  disk: Disk,
  folder: string,
  fileBytes: number,
  crc: Crc32c,
  hadLog: boolean,
): Promise<RecoveredJournal> {
  const checkpoint = (await readCheckpoint(disk, folder, crc)) ?? (await firstCheckpoints(disk, folder, crc, hadLog))
  const files = await openJournalFiles(disk, `${folder}/journal`, fileBytes)
  const replay = new Replay(replayedGroups(checkpoint), checkpoint.nextIncarnation - 1, crc)
  const scan = await applyJournal({ disk, folder, crc, checkpoint, files }, replay)
  const names = await listGroups(disk, `${folder}/groups`)
  const lastBlock = scan.end.nextSequence - 1
  return { checkpoint, replay, names, lastBlock, resume: (journal) => resumeJournal(journal, files, scan) }
}

export interface FoundJournal {
  readonly disk: Disk
  /** Of the log. */
  readonly folder: string
  readonly crc: Crc32c
  readonly checkpoint: Checkpoint
  readonly files: readonly JournalFile[]
}

/**
 * Applies the rounds after the checkpoint. `see` gets each before it is applied, which moves its bytes.
 * @throws TailraceError NEWER_FORMAT; DiskError
 */
export async function applyJournal(
  { disk, folder, crc, checkpoint, files }: FoundJournal,
  replay: Replay,
  see: (round: ScannedRound) => void = () => {},
): Promise<JournalScan> {
  const durable = await readDurableMark(disk, folder, crc)
  const scan = new JournalScan(files, checkpoint.place, crc, checkpoint.files)
  const take = (round: ScannedRound): void => {
    see(round)
    replay.apply(round)
  }
  let last: ScannedRound | null = null
  for await (const round of scan.rounds()) {
    if (last !== null) take(last)
    last = round
  }
  // A round that has begun after the last one, or the mark, proves that all of this one was durable.
  const isProved = scan.torn || (durable !== null && durable >= scan.end.nextSequence - 1)
  if (last?.sound && !isProved) {
    const shared = sharedSyncs(last, crc)
    if (await areUnwritten(disk, `${folder}/groups`, shared)) {
      scan.giveBack(last)
      last = null
    } else replay.unsynced = shared.map(({ group }) => group)
  }
  if (last !== null) take(last)
  if (durable !== null && durable >= scan.end.nextSequence) replay.onLostEnd()
  replay.finish()
  return scan
}

/**
 * Both files, so that from now on one that cannot be read is known to be a loss. `hadLog`: there was a log here of
 * which nothing is left, so every replica may have made promises.
 * @throws TailraceError STORAGE_CORRUPT where only the checkpoints are gone
 */
async function firstCheckpoints(disk: Disk, folder: string, crc: Crc32c, hadLog: boolean): Promise<Checkpoint> {
  const left = [...(await disk.list(`${folder}/journal`)), ...(await disk.list(`${folder}/groups`))]
  if (left.length > 0) throw damagedFile(`${folder}/checkpoint-a and checkpoint-b`, 'both are missing')
  const forgotten = hadLog ? { mayHaveForgotten: true } : {}
  const empty = { place: nowhere, nextIncarnation: 1, ...forgotten, groups: [] }
  await writeCheckpoint(disk, folder, { generation: 1, ...empty }, crc)
  await writeCheckpoint(disk, folder, { generation: 2, ...empty }, crc)
  return { generation: 2, ...empty }
}

/**
 * The newest checkpoint, which says that groups may be forgotten where the journal shows it: durable before the first
 * write of this start, which may destroy the evidence (the opening round stands where lost rounds stood, and the
 * durable mark names it).
 */
export async function keepDoubt(
  disk: Disk,
  folder: string,
  { checkpoint, replay }: RecoveredJournal,
  crc: Crc32c,
  retryFull: DiskSpace['retryFull'],
): Promise<Checkpoint> {
  if (!replay.damaged || checkpoint.mayHaveForgotten === true) return checkpoint
  const kept = { ...checkpoint, generation: checkpoint.generation + 1, mayHaveForgotten: true }
  await retryFull(() => writeCheckpoint(disk, folder, kept, crc))
  return kept
}

export async function openJournalFiles(disk: Disk, folder: string, bytes: number): Promise<JournalFile[]> {
  const names = (await disk.list(folder)).filter((name) => name.endsWith('.journal')).sort()
  return Promise.all(names.map((name) => JournalFile.open(disk, folder, name, bytes)))
}

export function* replayedGroups(checkpoint: Checkpoint): Iterable<ReplayedGroup> {
  for (const record of checkpoint.groups) {
    yield ReplayedGroup.from(record)
  }
}

/** The next round follows the last one of the scan; files that the scan did not need are free. */
function resumeJournal(journal: Journal, files: readonly JournalFile[], scan: JournalScan): void {
  const { file, position, nextSequence, epoch } = scan.end
  const full = files.filter((candidate) => candidate !== file && scan.visited.has(candidate))
  full.sort((a, b) => a.base - b.base)
  const free = files.filter((candidate) => candidate !== file && !scan.visited.has(candidate))
  const names = files.map((candidate) => Number.parseInt(candidate.name, 10))
  const nextName = Math.max(0, ...names.filter(Number.isSafeInteger)) + 1
  journal.resume({ full, free, current: file, position, nextSequence, epoch: epoch + 1, nextName })
}

/** Brings the segments into the state that was replayed, passes the logs on, and removes files that belong to none. */
export async function restoreGroups(logs: StoredLogs, { replay, names }: RecoveredJournal): Promise<void> {
  for (const group of replay.groups.values()) {
    const name = folderName(group.id, group.incarnation)
    const folder = `${logs.groupsFolder}/${name}`
    const { segments, changed } = await restoreSegments(logs.env, folder, names.get(name) ?? [], group)
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
  // Before anything is promised: of a process that was killed the kernel alone may have the last bytes.
  for (const id of replay.unsynced) await logs.group(id)?.segments.sync()
  logs.metrics.corruptPlaces.recovery += replay.rottenRounds
  await removeStrangers(logs, replay.groups)
}

/** The files of every folder, all looked at before the first is changed. @throws TailraceError NEWER_FORMAT */
export async function listGroups(disk: Disk, groupsFolder: string): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>()
  for (const name of await disk.list(groupsFolder)) {
    const folder = `${groupsFolder}/${name}`
    const files = await disk.list(folder)
    refuseNewerSegments(folder, files)
    names.set(name, files)
  }
  return names
}

/**
 * Folders of groups that the journal does not know: removed, or never durable. A folder that holds a log in transfer to
 * an existing group stays, so that the transfer can continue.
 */
async function removeStrangers(logs: StoredLogs, groups: Map<GroupId, ReplayedGroup>): Promise<void> {
  const { groupsFolder } = logs
  const { disk } = logs.env
  for (const name of await disk.list(groupsFolder)) {
    const [id, incarnation] = name.split('-').map(Number) as [GroupId, number]
    // A number is never used twice: else a folder that came back after a crash would be taken for a new one.
    if (Number.isSafeInteger(incarnation)) logs.nextIncarnation = Math.max(logs.nextIncarnation, incarnation + 1)
    const known = groups.get(id)
    if (known !== undefined && name === folderName(id, known.incarnation)) continue
    const later = known !== undefined && incarnation > Math.max(known.incarnation, logs.installs.staged.get(id) ?? 0)
    if (later && (await disk.size(`${groupsFolder}/${name}/${STAGED}`)) !== null) {
      const older = logs.installs.staged.get(id)
      if (older !== undefined) await disk.remove(`${groupsFolder}/${folderName(id, older)}`)
      logs.installs.staged.set(id, incarnation)
    } else await disk.remove(`${groupsFolder}/${name}`)
  }
}
