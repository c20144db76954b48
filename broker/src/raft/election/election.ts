import { NO_BROKER } from '@tailrace/schemas'
import { hasQuorum } from '../members/quorum.ts'
import type { VoteMessage } from '../messages.ts'
import { armElectionTimer, followerOf, type RaftState } from '../state.ts'
import { mayVote } from './eligibility.ts'

/**
 * M10: whether a live leader is known, so that requests for an election are refused. The bound is the minimum election
 * timeout, not the one that this replica has drawn. A leader knows itself to be alive while a quorum has answered it
 * within that time (M19). The promise to a leader binds even when its term is over: the leader may not know that yet,
 * and count on the promise (M24).
 */
export function leaderIsAlive(state: RaftState): boolean {
  if (state.defects.noLeaseCheck) return false
  if (state.role === 'leader') return hearsQuorum(state, state.options.electionTicks)
  return state.now - state.leaderHeardAt < state.options.electionTicks
}

/**
 * Leader: whether a quorum, itself included, has answered within the last `ticks` (M22; both majorities when joint).
 */
export function hearsQuorum(state: RaftState, ticks: number): boolean {
  return hasQuorum(state.deciding, (id) => {
    if (id === state.id) return true
    const progress = followerOf(state, id)
    return progress !== undefined && state.now - progress.heardAt < ticks
  })
}

/** M13, M16: the candidate's log is at least as up to date as this one will be once queued writes are done. */
export function logIsFresh(state: RaftState, message: VoteMessage): boolean {
  if (state.defects.voteWithoutLogCheck) return true
  const { lastTerm, lastIndex } = state.log
  return message.lastTerm > lastTerm || (message.lastTerm === lastTerm && message.lastIndex >= lastIndex)
}

/** Answers a request for a vote or pre-vote; the message's term has been dealt with (term-rules.ts). */
export function answerVoteRequest(state: RaftState, message: VoteMessage): void {
  if (message.pre) answerPreVote(state, message)
  else answerVote(state, message)
}

/**
 * M80: yes only to a later term, a fresh log, and when no leader is alive. Nothing changes here, so nothing needs the
 * disk.
 */
function answerPreVote(state: RaftState, message: VoteMessage): void {
  const alive = !message.transfer && leaderIsAlive(state)
  const fresh = logIsFresh(state, message)
  const granted = message.term > state.term && fresh && !alive && mayVote(state)
  if (!fresh && !leaderIsAlive(state)) campaignSoon(state)
  // A yes names the term that was asked for; a no names this replica's term, so that a candidate of an earlier term
  // catches up (M11).
  reply(state, message, granted, granted ? message.term : state.term)
}

/**
 * A candidate cannot win whose log lacks entries of this one, so this replica does not wait for its own timer: without
 * a leader, it has the better chance. With more than three voters several may be asked by one candidate; they draw, and
 * those that should rather not lead (M82) come after the others.
 */
function campaignSoon(state: RaftState): void {
  if (state.role !== 'follower') return
  const { voters, outgoing } = state.configuration
  const asked = Math.max(1, new Set([...voters, ...outgoing]).size - 2)
  const soon = state.now + 1 + (state.electionFactor > 1 ? asked : 0) + state.options.random(asked)
  state.electionTimeout = Math.min(state.electionTimeout, soon - state.timerArmedAt)
}

/** M13, M14: one vote a term, durable before the answer leaves. Only a granted vote rearms the timer (M6). */
function answerVote(state: RaftState, message: VoteMessage): void {
  const free = (state.votedFor === NO_BROKER && state.leader === NO_BROKER) || state.votedFor === message.from
  const mayChoose = free || (state.defects.voteTwice && state.role === 'follower')
  const granted = mayChoose && logIsFresh(state, message) && mayVote(state)
  if (granted) state.votedFor = message.from
  if (granted || state.defects.refusedVoteRearms) armElectionTimer(state)
  reply(state, message, granted, state.term)
}

function reply(state: RaftState, message: VoteMessage, granted: boolean, term: number): void {
  const queue = granted && !message.pre ? state.outbox.afterPersist : state.outbox.now
  queue.push({ type: 'vote-reply', from: state.id, to: message.from, term, pre: message.pre, granted })
}
