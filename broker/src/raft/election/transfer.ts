import { type BrokerId, NO_BROKER } from '@tailrace/schemas'
import type { Transfer } from '../members/change-state.ts'
import { isChanging } from '../members/member-change.ts'
import { isVoter } from '../members/quorum.ts'
import { sendHeartbeats } from '../replication/heartbeats.ts'
import { flushFollowers } from '../replication/replication.ts'
import { followerOf, type RaftState } from '../state.ts'
import { becomeFollower } from '../transitions.ts'

export type TransferAnswer = 'started' | 'not-leader' | 'changing-members' | 'busy' | 'not-voter'

/**
 * M81: takes no more proposals, waits until `to` has the whole log, and tells it to campaign at once. Gives up after an
 * election timeout; leadership and term are then as before, and proposals are taken again.
 */
export function beginTransfer(state: RaftState, to: BrokerId): TransferAnswer {
  const { membership, configuration, term, now } = state
  if (state.role !== 'leader') return 'not-leader'
  if (membership.transfer !== null) return 'busy'
  if (isChanging(state)) return 'changing-members'
  if (!isVoter(configuration, to)) return 'not-voter'
  membership.transfer = { to, term, startedAt: now, toldAt: null }
  reviewTransfer(state)
  return 'started'
}

/**
 * After every event that may advance a transfer: tells the target to campaign when it has the log, and notices who
 * leads in the end.
 */
export function reviewTransfer(state: RaftState): void {
  const { transfer } = state.membership
  if (transfer === null) return
  if (
    state.leader !== NO_BROKER &&
    (state.leader !== state.id || state.term > transfer.term || transfer.to === state.id)
  ) {
    end(state, transfer, state.leader === transfer.to)
    return
  }
  if (state.role !== 'leader') return
  const progress = followerOf(state, transfer.to)
  if (progress === undefined || progress.match < state.log.lastIndex) return
  // The message may be lost, so it is repeated like a heartbeat.
  if (transfer.toldAt !== null && state.now - transfer.toldAt < state.options.heartbeatTicks) return
  transfer.toldAt = state.now
  sendTimeoutNow(state, transfer.to)
}

export function tickTransfer(state: RaftState): void {
  const { transfer } = state.membership
  if (transfer === null) return
  if (state.now - transfer.startedAt >= state.options.electionTicks) end(state, transfer, false)
  else reviewTransfer(state)
}

/**
 * M66: a leader that is not of the committed configuration tells all members of the commit, and tells the best voter to
 * campaign.
 */
export function handOver(state: RaftState): void {
  sendHeartbeats(state)
  flushFollowers(state)
  let best = NO_BROKER
  let bestMatch = -1
  for (const { id, match, leaving } of state.followers) {
    if (leaving || !isVoter(state.configuration, id) || match <= bestMatch) continue
    best = id
    bestMatch = match
  }
  if (best !== NO_BROKER) sendTimeoutNow(state, best)
  becomeFollower(state, state.term, NO_BROKER)
}

function sendTimeoutNow(state: RaftState, to: BrokerId): void {
  // M24: the leader gives up its lease first, for the target's election does not wait for the end of the lease.
  state.membership.handedOn = true
  const { id: from, term, outbox } = state
  outbox.now.push({ type: 'timeout-now', from, to, term })
}

function end({ membership }: RaftState, { to }: Transfer, done: boolean): void {
  membership.transfer = null
  membership.transferOutcome = { to, outcome: done ? 'done' : 'timed-out' }
}
