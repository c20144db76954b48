import { asksToSleep } from './sleep.ts'
import type { RaftState } from './state.ts'

/** M34: a follower may commit only what is verified to be its own, so the commit index is capped at its match. */
export function sendHeartbeats(state: RaftState): void {
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
