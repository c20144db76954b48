import { NO_BROKER } from '@tailrace/schemas'
import { hearsQuorum } from '../election/election.ts'
import { broken } from '../invariant.ts'
import { judgeCatchUp } from '../members/member-change.ts'
import type { RaftMessage } from '../messages.ts'
import { onAppendReply, onHeartbeatReply } from '../replication/acknowledgement.ts'
import { dropLeavers } from '../replication/followers.ts'
import { sendHeartbeats } from '../replication/heartbeats.ts'
import { fallAsleepIfAgreed } from '../sleep/sleep.ts'
import type { RaftState } from '../state.ts'
import { becomeFollower } from '../transitions.ts'

/**
 * Steps down when no quorum has answered for an election timeout (M22); else keeps the timers of all members from
 * firing (M8).
 */
export function tickLeader(state: RaftState): void {
  const { electionTicks, heartbeatTicks } = state.options
  if (!state.defects.noCheckQuorum && !hearsQuorum(state, electionTicks + 1)) {
    becomeFollower(state, state.term, NO_BROKER)
    return
  }
  if (fallAsleepIfAgreed(state)) return
  dropLeavers(state)
  if (state.membership.active) judgeCatchUp(state)
  if (state.now - state.heartbeatAt >= heartbeatTicks) sendHeartbeats(state)
}

export function stepLeader(state: RaftState, message: RaftMessage): void {
  switch (message.type) {
    case 'append-reply':
      onAppendReply(state, message)
      break
    case 'heartbeat-reply':
      onHeartbeatReply(state, message)
      break
    case 'append':
    case 'snapshot':
    case 'heartbeat':
      broken(`term ${state.term} has two leaders, ${state.id} and ${message.from}`)
  }
}
