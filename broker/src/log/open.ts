import type { Crc32c } from '../platform/checksum.ts'
import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import { BLOCK_BYTES } from './journal/block.ts'
import { DurableMark } from './journal/durable-mark.ts'
import { Journal } from './journal/journal.ts'
import { type RecordOwner, RecordType, type RecordWriter } from './journal/record.ts'
import { noLogCounts } from './log-counts.ts'
import type { LogStorage, LogStorageOptions } from './log-storage.ts'
import type { RoundLimits } from './pending-writes.ts'
import { Checkpointer } from './recovery/checkpointer.ts'
import { keepDoubt, replayJournal, restoreGroups } from './recovery/recover.ts'
import { Rounds } from './rounds.ts'
import { GatherPool } from './segment/gather.ts'
import { IndexCache } from './segment/index-cache.ts'
import { OpenFiles } from './segment/open-files.ts'
import { ReadWindows } from './segment/read-windows.ts'
import { indexIntervalFor, type SegmentContext } from './segment/segment-context.ts'
import { DiskSpace } from './space/disk-space.ts'
import { KeptRoom } from './space/kept-room.ts'
import { StoredLogs } from './stored-logs.ts'
import { TailPool } from './tail/tail-pool.ts'

export interface LogStorageDeps {
  readonly disk: Disk
  readonly clock: Clock
  readonly crc32c: Crc32c
}

/** A round is closed when it has this many bytes; one chunk that is larger has a round of its own. */
const ROUND_BYTES = 4 * 1024 * 1024
/**
 * The bytes that one group may write to its segments ahead of one round. Each segment that is begun costs several
 * syncs, so their number is bounded too.
 */
const MOST_DIRECT_BYTES = 16 * 1024 * 1024
const MOST_DIRECT_SEGMENTS = 2
/**
 * Kept back for operations that free a full disk. Twice the largest round, where that is less: on file systems that
 * copy on write the present round takes its part, even where it only writes over a file.
 */
const KEPT_ROOM_BYTES = 16 * 1024 * 1024
/** Beside a chunk that fills a journal file there must be room for its group's other records. */
const CAPACITY_SLACK_BYTES = 1024
const MIN_JOURNAL_BLOCKS = 8
const DEFAULT_OPEN_SEGMENTS = 256

/**
 * Opens the logs under `options.folder`, creating it where it is missing, and brings them to the state in which all
 * rounds that were synced left them. The caller has locked the folder. Damage of single groups is told by
 * `GroupLog.damage`.
 * @throws TailraceError STORAGE_CORRUPT when no checkpoint is there or can be read, so that not even the groups are
 * known; DiskError
 */
export async function openLogStorage(deps: LogStorageDeps, options: LogStorageOptions): Promise<LogStorage> {
  const { disk, clock, crc32c } = deps
  const folder = options.folder
  const groupsFolder = `${folder}/groups`
  for (const path of [`${folder}/journal`, groupsFolder]) await disk.makeFolder(path)
  await disk.syncFolder(folder)
  const pool = new TailPool(options.tailBytes)
  const fileBytes = Math.max(MIN_JOURNAL_BLOCKS, Math.floor(options.journalFileBytes / BLOCK_BYTES)) * BLOCK_BYTES
  const space = diskSpace(deps, options, fileBytes, pool)
  const env = segmentEnv(deps, options, space, pool)
  const logs = new StoredLogs(env, groupsFolder, space)

  const recovered = await replayJournal(disk, folder, fileBytes, crc32c, options.hadLog === true)
  // Files of a newer version are left unchanged.
  await space.open()
  const { retryFull } = space
  const checkpoint = await keepDoubt(disk, folder, recovered, crc32c, retryFull)
  logs.nextIncarnation = recovered.replay.highestIncarnation + 1
  logs.recoveredBlock = recovered.lastBlock
  logs.doubt.mayHaveForgotten = checkpoint.mayHaveForgotten === true

  const journal = new Journal({
    disk,
    folder: `${folder}/journal`,
    fileBytes,
    onSwitch: () => logs.onSwitch(),
    onGrowth: (bytes) => space.took(bytes),
    mayFill: () => space.writable,
    onFillError: (error) => logs.onFillError(error),
    timer: { now: () => clock.monotonic(), took: (ms) => env.metrics.syncSeconds(ms / 1000) },
  })
  recovered.resume(journal)
  const mark = new DurableMark({ disk, clock, crc32c, folder, onFailure: (error) => logs.fail(error) })
  const rounds = new Rounds({
    clock,
    crc32c,
    journal,
    metrics: env.metrics,
    limits: roundLimits(options, journal.capacity),
    space,
    onDurable: (_log, group, ticket) => logs.onDurable(group, ticket),
    onRound: (written) => logs.onRound(written),
    onIdle: (many) => mark.note(rounds.durableBlock, many),
    room: () => logs.room(),
    onFailure: (error) => logs.fail(error),
  })
  const upkeep = { disk, crc32c, folder, journal, rounds, retryFull }
  const checkpointer = new Checkpointer(
    {
      ...upkeep,
      logs: () => logs.logs(),
      nextIncarnation: () => logs.nextIncarnation,
      mayHaveForgotten: () => logs.mayHaveForgotten,
      onFailure: (error) => logs.fail(error),
    },
    checkpoint.generation,
  )
  logs.connect({ journal, rounds, checkpointer, mark })
  space.onRoom = () => rounds.roomAgain()

  await restoreGroups(logs, recovered)
  await journal.keep()
  await rounds.write((writer) => writeOpening(writer, logs))
  await mark.begin(journal.place.sequence)
  if (recovered.replay.records > 0) checkpointer.request()
  return logs
}

function roundLimits({ directBytes, segmentBytes }: LogStorageOptions, fileCapacity: number): RoundLimits {
  const journalCapacity = fileCapacity - CAPACITY_SLACK_BYTES
  const mostDirectBytes = Math.max(directBytes, Math.min(MOST_DIRECT_BYTES, MOST_DIRECT_SEGMENTS * segmentBytes))
  const roundBytes = Math.min(ROUND_BYTES, fileCapacity)
  return { directBytes, mostDirectBytes, journalCapacity, fileCapacity, roundBytes }
}

function diskSpace(
  { disk, clock }: LogStorageDeps,
  { folder, diskReserveBytes: reserve }: LogStorageOptions,
  fileBytes: number,
  pool: TailPool,
): DiskSpace {
  const kept = new KeptRoom(disk, folder, Math.min(2 * fileBytes, KEPT_ROOM_BYTES))
  return new DiskSpace(disk, clock, { folder, reserve, kept, owed: () => pool.pinnedBytes })
}

function segmentEnv(
  deps: LogStorageDeps,
  options: LogStorageOptions,
  space: DiskSpace,
  pool: TailPool,
): SegmentContext {
  return {
    disk: deps.disk,
    crc32c: deps.crc32c,
    files: new OpenFiles(deps.disk, options.openSegments ?? DEFAULT_OPEN_SEGMENTS),
    indexes: new IndexCache(),
    gathers: new GatherPool(),
    windows: new ReadWindows(),
    pool,
    metrics: noLogCounts(),
    segmentBytes: options.segmentBytes,
    indexInterval: indexIntervalFor(options.segmentBytes),
    space,
    now: () => deps.clock.now(),
    monotonic: () => deps.clock.monotonic(),
  }
}

/**
 * The first round of an epoch says from where the epoch continues, for groups where that does not follow from the
 * journal before it.
 */
function writeOpening(writer: RecordWriter, logs: StoredLogs): void {
  const noGroup: RecordOwner = { id: 0, incarnation: 0, counter: 0 }
  writer.mark(RecordType.Open, noGroup)
  for (const log of logs.logs()) {
    if (log.damage === null) continue
    const { lastIndex, endOffset, lastTerm } = log.state
    writer.damage(log.pending, log.damage.fromIndex, { lastIndex, endOffset, lastTerm, reason: log.damage.reason })
  }
}
