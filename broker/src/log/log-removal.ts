import type { StoredGroupLog } from './group-log.ts'
import { RecordType } from './journal/record.ts'
import type { Rounds } from './rounds.ts'

export interface LogRemovalDeps {
  readonly rounds: Rounds
  /** Every log whose removal is not durable. */
  readonly logs: Set<StoredGroupLog>
  readonly fail: (error: Error) => void
}

/** Removes a log that no group has any more: durably first, so that a restart never finds half of its files. */
export async function removeLog(log: StoredGroupLog, deps: LogRemovalDeps): Promise<void> {
  log.forget()
  const durable = !log.pending.announced || (await markRemoved(log, deps))
  deps.logs.delete(log)
  if (durable) await removeFiles(log, deps.fail)
}

export async function removeFiles(log: StoredGroupLog, fail: (error: Error) => void): Promise<void> {
  try {
    await log.segments.remove()
  } catch (error) {
    fail(error as Error)
  }
}

function markRemoved(log: StoredGroupLog, { rounds, logs }: LogRemovalDeps): Promise<boolean> {
  return new Promise((resolve) => {
    rounds.join(
      (writer) => writer.mark(RecordType.Remove, log.pending),
      (durable) => {
        logs.delete(log)
        resolve(durable)
      },
    )
  })
}
