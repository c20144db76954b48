import type { Logger } from 'pino'
import { checkIdentity } from '../cluster/formation/identity-file.ts'
import { checkStoredLevel } from '../cluster/formation/stored-level.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { LogStorage, StateStore } from '../log/log-storage.ts'
import { openLogStorage } from '../log/open.ts'
import { readDataFormat, writeDataFormat } from '../log/recovery/data-format.ts'
import { releaseKeptRoom } from '../log/space/kept-room.ts'
import { nodeCrc32c } from '../platform/node/checksum.ts'
import { type OpenFileBudget, openFileBudget } from './open-file-budget.ts'
import type { Surroundings } from './surroundings.ts'

/** The parts that a broker of any level keeps in its folder, and its logger. */
export interface DataFolder {
  readonly logger: Logger
  readonly storage: LogStorage
  readonly store: StateStore
  readonly files: OpenFileBudget
}

/**
 * Takes the folder for this broker alone and opens log and state store. A log that cannot be written any more ends the
 * broker.
 * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT, FEATURE_LEVEL_UNSUPPORTED (then nothing has been written);
 * DiskError
 */
export async function openDataFolder(settings: BrokerSettings, surroundings: Surroundings): Promise<DataFolder> {
  const { disk, clock } = surroundings
  const files = openFileBudget(surroundings.openFiles(settings))
  const logger = surroundings.openLogger(settings)
  if (files.clients < settings.maxConnections) {
    logger.warn(
      { clients: files.clients, maxConnections: settings.maxConnections },
      'the limit of open files allows fewer connections of clients than maxConnections: raise it (ulimit -n, LimitNOFILE of systemd)',
    )
  }
  await surroundings.takeFolder(settings.data, logger)
  const found = await readDataFormat(disk, settings.data, nodeCrc32c)
  const { isMember } = await checkIdentity(disk, settings.data)
  const hadLog = found.used || isMember
  const folder = `${settings.data}/log`
  // Until the log is open and knows which segments are kept.
  let makeRoom = () => releaseKeptRoom(disk, folder)
  const storeOptions = { openFiles: files.store, makeRoom: () => makeRoom(), monotonic: () => clock.monotonic() }
  const store = await surroundings.openState(`${settings.data}/state`, hadLog, logger, storeOptions)
  await checkStoredLevel(store, settings.id)
  if (hadLog && (await disk.list(folder)).length === 0)
    logger.error('the log is missing; replicas neither vote nor lead until other brokers have sent them what they hold')
  const platform = { disk, clock, crc32c: nodeCrc32c }
  const storage = await openLogStorage(platform, { ...settings, folder, openSegments: files.segments, hadLog })
  storage.onFailure = (error) => {
    // The state of the disk is unknown now; only a restart finds out (fsync errors are not repeatable).
    logger.fatal({ err: error }, 'the log cannot be written any more; the broker ends')
    surroundings.fail(error)
  }
  makeRoom = () => storage.ranOut()
  await writeDataFormat(disk, settings.data, nodeCrc32c)
  return { logger, storage, store, files }
}
