import { NO_BROKER } from '@tailrace/schemas'
import { leaderIsAlive } from './election.ts'
import type { RaftMessage } from './messages.ts'
import type { RaftState } from './state.ts'
import { becomeFollower } from './transitions.ts'

/**
 * What a message's term does before its content is looked at. Returns whether the content is to be looked at.
 *
 *   term    message                                   effect
 *   lower   append, heartbeat, snapshot, vote         answered with the own term, so that its sender catches up (M11)
 *   lower   any reply                                 dropped: it answers a question of an earlier term
 *   higher  vote, while a leader is alive             dropped, term untouched (M10), unless sent on a TimeoutNow
 *   higher  pre-vote, or a yes to one                 the term is only asked about: untouched (M80)
 *   higher  anything else                             adopted, follower of nobody yet (M12, M21)
 */
export function applyTerm(state: RaftState, message: RaftMessage): boolean {
  if (message.term === state.term) return true
  if (message.term < state.term) {
    if (state.defects.staleLeaderObeyed && isOrder(message)) return true
    if (!state.defects.staleUnanswered) answerFromTheFuture(state, message)
    return false
  }
  if (message.type === 'vote') {
    if (message.pre) return true
    if (!message.transfer && leaderIsAlive(state)) return false
  }
  if (message.type === 'vote-reply' && message.pre && message.granted) return true
  if (state.defects.leaderKeepsTerm && state.role === 'leader' && message.type.endsWith('-reply')) return false
  becomeFollower(state, message.term, NO_BROKER)
  return true
}

/** What a leader sends that changes a follower's log. */
function isOrder({ type }: RaftMessage): boolean {
  return type === 'append' || type === 'snapshot'
}

/**
 * Says the own term and nothing else: the message is of an earlier term, perhaps of an earlier life of a broker that leads this one now,
 * and what it asked must not be taken for a question of the present leader (indexes and ticks are 0, which answer nothing).
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
