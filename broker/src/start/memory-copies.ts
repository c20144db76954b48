import type { BrokerSettings } from '../config/broker-settings.ts'
import type { CommittedLogs } from '../log/committed-logs.ts'
import { MemoryLogs } from '../log/memory/memory-logs.ts'
import { MemoryStateStore } from '../log/store/memory-state-store.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { openFileLimit } from '../platform/node/file-descriptors.ts'
import type { DataFolder } from './data-folder.ts'
import { openLogger } from './logger.ts'
import { openFileBudget } from './open-file-budget.ts'

/** The parts of a cascade broker that keep what it has copied, and its logger. */
export interface OpenCopies extends Omit<DataFolder, 'storage'> {
  readonly storage: CommittedLogs
}

/**
 * Copies in the place of a data folder, in memory alone: nothing is written, not even which broker this is, so that it
 * also runs where no disk can be written to. So each start is that of a new broker under the same number.
 * @throws TailraceError INVALID_SETTING
 */
export function openMemory(settings: BrokerSettings): OpenCopies {
  const files = openFileBudget(settings.openFiles === 0 ? openFileLimit() : settings.openFiles)
  const logger = openLogger(settings)
  return { logger, storage: new MemoryLogs(nodeClock, settings.memoryBytes), store: new MemoryStateStore(), files }
}
