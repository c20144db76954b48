import { NO_BROKER } from '@tailrace/schemas'
import { onAppendReply, onHeartbeatReply } from '../acknowledgement.ts'
import { hearsQuorum } from '../election.ts'
import { broken } from '../invariant.ts'
import type { RaftMessage } from '../messages.ts'
import { asksToSleep, fallAsleepIfAgreed } from '../sleep.ts'
import type { RaftState } from '../state.ts'
import { becomeFollower } from '../transitions.ts'

/** Steps down when no quorum has answered for an election timeout (M22); else keeps everybody's timer quiet (M8). */
export function tickLeader(state: RaftState): void {
  const { electionTicks, heartbeatTicks } = state.options
  if (!state.defects.noCheckQuorum && !hearsQuorum(state, electionTicks + 1)) {
    becomeFollower(state, state.term, NO_BROKER)
    return
  }
  if (fallAsleepIfAgreed(state)) return
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

/** M34: a follower may commit only what is verified to be its own, so the commit index is capped at its match. */
function sendHeartbeats(state: RaftState): void {
  state.heartbeatAt = state.now
  const { id: from, term, commitIndex, outbox } = state
  const sleep = asksToSleep(state)
  for (let i = 0; i < state.followers.length; i++) {
    const progress = state.followers[i]!
    const commit = Math.min(commitIndex, progress.match)
    progress.commitTold = Math.max(progress.commitTold, commit)
    outbox.now.push({ type: 'heartbeat', from, to: progress.id, term, commit, sentAt: state.now, sleep })
  }
}
