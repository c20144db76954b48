import type { LogIndex, Term } from '@tailrace/schemas'
import { probeFrom } from '../replication/progress.ts'
import type { RaftState } from '../state.ts'
import { guardPurge } from './entry-states.ts'

/**
 * M41: the driver has cut the prefix of its log; a state that it keeps stands for the entries up to `prevIndex`.
 * Followers that need some of them are probed after it: one whose log does not match there gets the state (M46).
 * Nothing happens if the log begins at `prevIndex` or later already.
 */
export function compactLog(state: RaftState, prevIndex: LogIndex, prevTerm: Term): void {
  const { log } = state
  if (prevIndex <= log.prevIndex) return
  guardPurge(state, prevIndex)
  log.compact(prevIndex, prevTerm)
  for (const progress of state.followers) {
    if (progress.state === 'snapshot' || progress.next > prevIndex) continue
    probeFrom(progress, prevIndex + 1, state.now)
    state.flushNeeded = true
  }
}
