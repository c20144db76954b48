import type { BrokerSettings } from '../config/broker-settings.ts'
import type { CommittedLogs } from '../log/committed-logs.ts'
import { MemoryLogs } from '../log/memory/memory-logs.ts'
import { MemoryStateStore } from '../log/store/memory-state-store.ts'
import type { DataFolder } from './data-folder.ts'
import { openFileBudget } from './open-file-budget.ts'
import type { Surroundings } from './surroundings.ts'

/** The parts of a cascade broker that keep what it has copied, and its logger. */
export interface OpenCopies extends Omit<DataFolder, 'storage'> {
  readonly storage: CommittedLogs
}

/**
 * Copies in the place of a data folder, in memory alone: nothing is written, not even which broker this is, so that it
 * also runs where no disk can be written to. So each start is that of a new broker under the same number.
 * @throws TailraceError INVALID_SETTING
 */
export function openMemory(settings: BrokerSettings, { clock, openFiles, openLogger }: Surroundings): OpenCopies {
  const files = openFileBudget(openFiles(settings))
  const logger = openLogger(settings)
  return { logger, storage: new MemoryLogs(clock, settings.memoryBytes), store: new MemoryStateStore(), files }
}
