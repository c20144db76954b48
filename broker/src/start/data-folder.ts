import type { Logger } from 'pino'
import { checkIdentity } from '../cluster/formation/identity-file.ts'
import { checkStoredLevel } from '../cluster/formation/stored-level.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { LogStorage, StateStore } from '../log/log-storage.ts'
import { openLogStorage } from '../log/open.ts'
import { readDataFormat, writeDataFormat } from '../log/recovery/data-format.ts'
import { releaseKeptRoom } from '../log/space/kept-room.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeDisk } from '../platform/node/disk.ts'
import { openFileLimit } from '../platform/node/file-descriptors.ts'
import { makeFilesPrivate, tightenFolder } from '../platform/node/folder-modes.ts'
import { openLogger } from './logger.ts'
import { type OpenFileBudget, openFileBudget } from './open-file-budget.ts'
import { openState } from './state-folder.ts'

/** The parts that a broker of any level keeps in its folder, and its logger. */
export interface DataFolder {
  readonly logger: Logger
  readonly storage: LogStorage
  readonly store: StateStore
  readonly files: OpenFileBudget
}

/**
 * Takes the folder for this process alone and opens log and state store. A log that cannot be written any more ends the
 * process.
 * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT, FEATURE_LEVEL_UNSUPPORTED (then nothing has been written);
 * DiskError
 */
export async function openDataFolder(settings: BrokerSettings): Promise<DataFolder> {
  const files = openFileBudget(settings.openFiles === 0 ? openFileLimit() : settings.openFiles)
  const logger = openLogger(settings)
  if (files.clients < settings.maxConnections) {
    logger.warn(
      { clients: files.clients, maxConnections: settings.maxConnections },
      'the limit of open files allows fewer connections of clients than maxConnections: raise it (ulimit -n, LimitNOFILE of systemd)',
    )
  }
  makeFilesPrivate()
  await nodeDisk.makeFolder(settings.data)
  await nodeDisk.lock(settings.data)
  await closeToOthers(settings.data, logger)
  const found = await readDataFormat(nodeDisk, settings.data, nodeCrc32c)
  const { isMember } = await checkIdentity(nodeDisk, settings.data)
  const hadLog = found.used || isMember
  const folder = `${settings.data}/log`
  // Until the log is open and knows which segments are kept.
  let makeRoom = () => releaseKeptRoom(nodeDisk, folder)
  const { monotonic } = nodeClock
  const storeOptions = { openFiles: files.store, makeRoom: () => makeRoom(), monotonic }
  const store = await openState(`${settings.data}/state`, hadLog, logger, storeOptions)
  await checkStoredLevel(store, settings.id)
  if (hadLog && (await nodeDisk.list(folder)).length === 0)
    logger.error('the log is missing; replicas neither vote nor lead until other brokers have sent them what they hold')
  const platform = { disk: nodeDisk, clock: nodeClock, crc32c: nodeCrc32c }
  const storage = await openLogStorage(platform, { ...settings, folder, openSegments: files.segments, hadLog })
  storage.onFailure = (error) => {
    // The state of the disk is unknown now; only a restart finds out (fsync errors are not repeatable).
    logger.fatal({ err: error }, 'the log cannot be written any more; the broker ends')
    process.exit(70)
  }
  makeRoom = () => storage.ranOut()
  await writeDataFormat(nodeDisk, settings.data, nodeCrc32c)
  return { logger, storage, store, files }
}

async function closeToOthers(folder: string, logger: Logger): Promise<void> {
  const tightened = await tightenFolder(folder)
  if (tightened === null) return
  const { problem, ...closed } = tightened
  if (closed.folders + closed.files > 0)
    logger.info({ folder, ...closed }, 'the data folder was open to other users of this machine; it is closed now')
  if (problem !== null) logger.warn({ folder, problem }, 'the data folder is open to other users of this machine')
}
