import type { LogIndex, Offset, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupLog } from '../../../log/log-storage.ts'

/** The term of the entry at `index`, or -1 for one that the log does not hold. */
export function termAt(log: GroupLog, index: LogIndex): Term {
  if (index === log.prevIndex) return log.prevTerm
  if (index < log.prevIndex || index > log.lastIndex) return -1
  return log.terms.findLast((start) => start.index <= index)?.term ?? -1
}

/** The offset after the entry at `index`. @throws TailraceError STORAGE_CORRUPT when the log does not hold it */
export async function offsetAfter(log: GroupLog, index: LogIndex): Promise<Offset> {
  if (index === log.prevIndex) return log.startOffset
  const run = await log.readEntries(index, 1)
  const header = run.headers[0]
  if (header === undefined) {
    throw new TailraceError('STORAGE_CORRUPT', `Group ${log.group}: entry ${index} is missing from the log.`)
  }
  return header.lastOffset + 1
}
