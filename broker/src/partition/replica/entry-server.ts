import type { Message } from '@tailrace/schemas'
import type { EntryRun, GroupLog } from '../../log/log-storage.ts'
import type { PeerAnswer } from '../peers.ts'

/** The most bytes that are read for a peer at once. */
const MAX_BYTES = 4 << 20

/**
 * Entries for a replica whose disk has lost them. Also those that are not known to be committed here: the replica that
 * asks takes only entries of the term that it knows, and an entry of that index and term is the same everywhere (log
 * matching). A leader with a rotten entry cannot tell any replica that it is committed.
 */
export async function serveEntries(
  log: GroupLog,
  { firstIndex, lastIndex, maxBytes }: Message<'ReadEntries'>,
): Promise<PeerAnswer<'ReadEntries'>> {
  const last = Math.min(lastIndex, log.lastIndex)
  const bounds = { logStart: log.firstIndex, logEnd: log.lastIndex }
  if (firstIndex > last || firstIndex < log.firstIndex) return { fields: { entries: [], ...bounds }, body: [] }
  const run: EntryRun = await log.readEntries(firstIndex, Math.min(maxBytes, MAX_BYTES))
  const count = Math.min(run.headers.length, last - firstIndex + 1)
  const entries = run.headers.slice(0, count).map(({ term, kind, baseOffset, lastOffset, bytes }) => {
    return { term, kind, baseOffset, lastOffset, bytes }
  })
  return { fields: { entries, ...bounds }, body: run.payloads.slice(0, count) }
}
