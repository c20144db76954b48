import type { BrokerId, LogIndex, Term } from '@tailrace/schemas'
import { commitTo, type RaftState } from '../state.ts'

/**
 * M95: a client holds (term, index) of an entry that was acknowledged to it, and so committed. If this log has exactly
 * that entry then, by Log Matching, everything before it is committed too, whatever the leader has told so far. An
 * index alone would prove nothing: this log may hold another entry there, which a leader is about to replace.
 *
 * Where the prefix was compacted the index lies in the committed state, and nothing is committed by the answer; of the
 * term only the bound is known.
 */
export function commitByToken(state: RaftState, term: Term, index: LogIndex): boolean {
  const { log } = state
  if (index < log.prevIndex) return term <= log.prevTerm
  if (log.termAt(index) !== term && !(state.defects.tokenByIndexOnly && index <= log.lastIndex)) return false
  if (index <= state.commitIndex) return true
  // A leader counts copies itself. By a token it could show entries that its disk lacks: the driver answers from
  // durable entries.
  if (state.role === 'leader' || index > log.durability.lastIndex) return false
  commitTo(state, index)
  return true
}

/**
 * Leader: the members that hold the entry, as far as acknowledgements tell; itself only once its own disk has it (M92).
 * Asked for every acknowledged batch.
 */
export function holdersOf({ id, log, followers }: RaftState, index: LogIndex): BrokerId[] {
  const holders = log.durability.lastIndex >= index ? [id] : []
  for (let i = 0; i < followers.length; i++) {
    const { id: follower, match, leaving } = followers[i]!
    if (match >= index && !leaving) holders.push(follower)
  }
  return holders
}
