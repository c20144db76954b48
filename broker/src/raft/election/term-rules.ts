import { NO_BROKER, type Term } from '@tailrace/schemas'
import type { RaftMessage } from '../messages.ts'
import type { RaftState } from '../state.ts'
import { becomeFollower } from '../transitions.ts'
import { leaderIsAlive } from './election.ts'

/** A term travels as an int32. */
export const MAX_TERM: Term = 2 ** 31 - 1
/**
 * How far a term may have risen without this replica, beside one term for each of its ticks. A group that holds an
 * election every second takes 12 days for so many terms, and an attempt that no majority supports does not raise the
 * term at all (M80).
 */
export const MAX_TERM_LEAP = 2 ** 20

export function isTerm(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= MAX_TERM
}

/**
 * Whether a term can be the outcome of elections. Terms never fall again, and there is an end to them: a single message
 * with an absurd one would stop the group permanently. So the term may grow by MAX_TERM_LEAP in the life of this
 * replica, and beyond that as fast as elections can follow each other. A blank replica has nothing to compare with: it
 * takes the first term that it receives.
 */
export function isPlausible(state: RaftState, term: Term): boolean {
  if (state.defects.anyTerm || term <= state.term) return true
  if (state.termBase === null) return isTerm(term)
  return term <= Math.min(MAX_TERM, state.termBase + MAX_TERM_LEAP + state.now)
}

/**
 * Applies a message's term before its content is looked at. Returns whether the content is to be looked at.
 *
 *   term    message                                   effect
 *   lower   append, heartbeat, snapshot, vote         answered with the own term, so that its sender catches up (M11)
 *   lower   any reply                                 dropped: it answers a question of an earlier term
 *   higher  anything, beyond what is plausible        dropped, term untouched: see isPlausible
 *   higher  vote, while a leader is alive             dropped, term untouched (M10), unless sent on a TimeoutNow
 *   higher  pre-vote, or a yes to one                 the term is only asked about: untouched (M80)
 *   higher  anything else                             adopted, follower without a leader yet (M12, M21)
 */
export function applyTerm(state: RaftState, message: RaftMessage): boolean {
  if (message.term === state.term) return true
  if (message.term < state.term) {
    if (state.defects.staleLeaderObeyed && isOrder(message)) return true
    if (!state.defects.staleUnanswered) answerFromTheFuture(state, message)
    return false
  }
  if (!isPlausible(state, message.term)) return false
  if (message.type === 'vote') {
    if (message.pre) return true
    if (!message.transfer && leaderIsAlive(state)) return false
  }
  if (message.type === 'vote-reply' && message.pre && message.granted) return true
  if (state.defects.leaderKeepsTerm && state.role === 'leader' && message.type.endsWith('-reply')) return false
  state.termBase ??= message.term
  becomeFollower(state, message.term, NO_BROKER)
  return true
}

/** The messages of a leader that change a follower's log. */
function isOrder({ type }: RaftMessage): boolean {
  return type === 'append' || type === 'snapshot'
}

/**
 * Tells this replica's term and nothing else. The message is of an earlier term, perhaps of an earlier life of a broker
 * that leads this one now, and its question must not be taken for one of the present leader (indexes and ticks are 0,
 * which answer nothing).
 */
function answerFromTheFuture(state: RaftState, message: RaftMessage): void {
  const { id: from, term, outbox } = state
  const to = message.from
  switch (message.type) {
    case 'vote':
      outbox.now.push({ type: 'vote-reply', from, to, term, pre: message.pre, granted: false })
      return
    case 'snapshot':
    case 'append':
      outbox.now.push({
        type: 'append-reply',
        from,
        to,
        term,
        success: false,
        matchIndex: 0,
        rejectedIndex: 0,
        hintIndex: 0,
        hintTerm: 0,
      })
      return
    case 'heartbeat':
      outbox.now.push({ type: 'heartbeat-reply', from, to, term, lastIndex: 0, sentAt: 0 })
  }
}
