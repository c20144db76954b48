import type { EntryHeader, EntryKind, LogIndex, Term } from '@tailrace/schemas'
import { broken } from '../invariant.ts'
import type { RaftState } from '../state.ts'

/**
 * M35, as this replica knows it:
 *
 *   uncommitted -> committed    a quorum holds it
 *   uncommitted -> (discarded)  another leader's entry takes its place; it is then no longer in the log
 *   committed   -> applied      the driver has been told of the commit
 *   applied     -> purged       compacted away; a state stands for it
 *
 * Every other change stops the group: a committed entry is never discarded, and none is purged before it was applied.
 */
export type EntryState = 'uncommitted' | 'committed' | 'applied' | 'purged'

export interface EntryStatus {
  readonly index: LogIndex
  /** Null where it is no longer known: before the log's start. */
  readonly term: Term | null
  /** Null where the header is no longer in memory. */
  readonly kind: EntryKind | null
  /** Its offsets and size; absent where the header is no longer in memory. */
  readonly batch?: Pick<EntryHeader, 'baseOffset' | 'lastOffset' | 'bytes'>
  readonly state: EntryState
}

/** Entries from `from` on, `count` at most, up to the end of the log. */
export function entryStates(state: RaftState, from: LogIndex, count: number): EntryStatus[] {
  const { log } = state
  const rows: EntryStatus[] = []
  const end = Math.min(log.lastIndex, from + count - 1)
  for (let index = Math.max(1, from); index <= end; index++) {
    const header = log.window.get(index)
    rows.push({
      index,
      term: index < log.prevIndex ? null : log.termAt(index),
      kind: header?.kind ?? null,
      ...(header && { batch: { baseOffset: header.baseOffset, lastOffset: header.lastOffset, bytes: header.bytes } }),
      state: stateOf(state, index),
    })
  }
  return rows
}

/** M29, M35: committed entries are never discarded. */
export function guardTruncation(state: RaftState, first: LogIndex): void {
  if (first <= state.commitIndex) broken(`truncation at ${first}, committed to ${state.commitIndex}`)
}

/**
 * M35: only entries that were applied and are durable may be purged. (A leader may have committed entries that its own
 * disk does not hold yet: M92.)
 */
export function guardPurge({ outbox, log }: RaftState, last: LogIndex): void {
  if (last > outbox.toldCommit) broken(`compaction to ${last}, applied to ${outbox.toldCommit}`)
  if (last > log.durability.lastIndex) broken(`compaction to ${last}, durable to ${log.durability.lastIndex}`)
}

function stateOf({ log, outbox, commitIndex }: RaftState, index: LogIndex): EntryState {
  if (index <= log.prevIndex) return 'purged'
  if (index <= outbox.toldCommit) return 'applied'
  return index <= commitIndex ? 'committed' : 'uncommitted'
}
