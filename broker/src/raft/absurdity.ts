import type { EntryHeader } from '@tailrace/schemas'
import type { AppendMessage, HeartbeatMessage } from './messages.ts'
import type { RaftState } from './state.ts'

/**
 * So many entries fill 262 GB at the least. A disk that has lost the end of its journal lacks some seconds, and a
 * folder that was put back is known by the lives of its broker (docs/decisions/lost-tails.md): neither lacks so much.
 */
export const MOST_LOST_ENTRIES = 2 ** 32

/** At most so many reports wait for the driver: a message that is repeated thousands of times would fill memory. */
const MOST_TOLD = 8

/**
 * A peer has sent a message that no correct replica sends. The message is dropped and reported: it breaks no rule of
 * this replica's own, so the replica continues (invariant.ts is for those).
 */
export function noteAbsurdity({ outbox }: RaftState, text: string): void {
  outbox.hasRare = true
  if (outbox.absurdities.length < MOST_TOLD) outbox.absurdities.push(text)
}

/**
 * Why these entries are no part of any leader's log, or null: they follow on by index and offset, and their terms rise
 * up to the leader's.
 */
export function absurdityOf({ term, prevIndex, prevTerm, entries }: AppendMessage): string | null {
  let lastTerm = prevTerm
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!
    if (entry.index !== prevIndex + 1 + i) return `entry ${entry.index} follows ${prevIndex + i}`
    if (entry.term < lastTerm) return `entry ${entry.index} of term ${entry.term} follows one of term ${lastTerm}`
    if (i > 0 && entry.baseOffset !== entries[i - 1]!.lastOffset + 1)
      return `entry ${entry.index} begins at offset ${entry.baseOffset}, after ${entries[i - 1]!.lastOffset}`
    lastTerm = entry.term
  }
  return lastTerm > term
    ? `entry ${prevIndex + entries.length} of term ${lastTerm} comes from a leader of term ${term}`
    : null
}

/**
 * Why an entry cannot stand in this log, or null. The log before it is the leader's as well, so its term and its offset
 * are bounded.
 */
export function misfitOf({ log }: RaftState, { index, term, baseOffset }: EntryHeader): string | null {
  const termBefore = log.termAt(index - 1)
  if (term < termBefore) return `entry ${index} of term ${term} follows one of term ${termBefore}`
  const expected = index > log.lastIndex ? log.nextOffset : log.window.get(index)?.baseOffset
  if (expected === undefined || expected === baseOffset) return null
  return `entry ${index} begins at offset ${baseOffset}, where ${expected} belongs`
}

/**
 * Why a heartbeat is none of any leader, or null. What it says that this replica has acknowledged proves that the end
 * of the log was lost, so it quarantines a whole broker: it has to be possible at least.
 */
export function absurdityOfBeat({ log }: RaftState, { commit, acknowledged = 0 }: HeartbeatMessage): string | null {
  if (acknowledged > 0 && commit > acknowledged)
    return `it commits up to ${commit}, and only ${acknowledged} is known to be acknowledged here`
  const claimed = Math.max(commit, acknowledged)
  return claimed - log.lastIndex > MOST_LOST_ENTRIES ? `${claimed} was never acknowledged here` : null
}
