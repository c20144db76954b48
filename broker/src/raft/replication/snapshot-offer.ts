import type { BrokerId, LogIndex, Term } from '@tailrace/schemas'
import { broken } from '../invariant.ts'
import { followerOf, type RaftState } from '../state.ts'
import type { Progress } from './progress.ts'

/**
 * M46: the entries that the follower needs are gone here. The driver is asked for a state to offer; until that is in
 * place only heartbeats go.
 */
export function followerEntersSnapshot(state: RaftState, progress: Progress): void {
  progress.state = 'snapshot'
  progress.paused = false
  progress.inflights.reset()
  progress.readTicket = 0
  progress.readFailed = false
  askForOffer(state, progress)
}

/**
 * The follower is alive: an offer that went unanswered for an election timeout is repeated, for it, or its answer, may
 * be lost.
 */
export function repeatOffer(state: RaftState, progress: Progress): void {
  if (progress.state === 'snapshot' && state.now - progress.offeredAt >= state.options.electionTicks)
    askForOffer(state, progress)
}

/**
 * The driver offers a committed state, its own or a designated replica's (M84), to any member; a member that has all of
 * it adopts it without loading anything. False if that is not possible (any more): not the leader, no such member, or a
 * state that ends before this log begins, with which the follower could not continue.
 */
export function offerSnapshot(
  state: RaftState,
  to: BrokerId,
  lastIndex: LogIndex,
  lastTerm: Term,
  source: BrokerId,
): boolean {
  const { log, commitIndex, id: from, term } = state
  const progress = followerOf(state, to)
  if (state.role !== 'leader' || progress === undefined || lastIndex < log.prevIndex) return false
  if (lastIndex > commitIndex && !state.defects.offerUncommitted)
    broken(`a state up to ${lastIndex} is offered, committed to ${commitIndex}`)
  if (log.termAt(lastIndex) !== lastTerm) broken(`a state up to ${lastIndex} of term ${lastTerm} is not of this log`)
  progress.offeredAt = state.now
  state.outbox.now.push({ type: 'snapshot', from, to, term, lastIndex, lastTerm, source })
  return true
}

function askForOffer(state: RaftState, progress: Progress): void {
  progress.offeredAt = state.now
  state.outbox.hasRare = true
  if (!state.outbox.offers.some(({ to }) => to === progress.id)) state.outbox.offers.push({ to: progress.id })
}
