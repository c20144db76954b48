import type { Logger } from '../platform/logger.ts'
import { nodeDisk } from '../platform/node/disk.ts'
import { makeFilesPrivate, tightenFolder } from '../platform/node/folder-modes.ts'

/**
 * Makes the folder where it is missing, takes it for this process alone, and closes it to other users of the machine.
 * @throws DiskError
 */
export async function takeFolder(folder: string, logger: Logger): Promise<void> {
  makeFilesPrivate()
  await nodeDisk.makeFolder(folder)
  await nodeDisk.lock(folder)
  await closeToOthers(folder, logger)
}

async function closeToOthers(folder: string, logger: Logger): Promise<void> {
  const tightened = await tightenFolder(folder)
  if (tightened === null) return
  const { problem, ...closed } = tightened
  if (closed.folders + closed.files > 0)
    logger.info({ folder, ...closed }, 'the data folder was open to other users of this machine; it is closed now')
  if (problem !== null) logger.warn({ folder, problem }, 'the data folder is open to other users of this machine')
}
