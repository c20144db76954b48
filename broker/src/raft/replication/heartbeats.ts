import { beginRound, openRound } from '../reads/read-index.ts'
import { asksToSleep } from '../sleep/sleep.ts'
import type { RaftState } from '../state.ts'

/**
 * M34: a follower may commit only entries that are verified in its own log, so the commit index is capped at its match.
 */
export function sendHeartbeats(state: RaftState): void {
  state.heartbeatAt = state.now
  if (state.defects.noHeartbeats) return
  const { id: from, term, commitIndex, outbox } = state
  const sleep = asksToSleep(state)
  const round = openRound(state)
  for (let i = 0; i < state.followers.length; i++) {
    const progress = state.followers[i]!
    // A member that is leaving learns of commits from appends, which it can verify: its broker may have another replica
    // by now.
    const commit = progress.leaving ? 0 : Math.min(commitIndex, progress.match)
    progress.commitTold = progress.leaving ? 0 : Math.max(progress.commitTold, commit)
    if (progress.leaving) state.flushNeeded = true
    const acknowledged = progress.leaving ? 0 : progress.match
    const sent = { sentAt: state.now, sleep, acknowledged, round }
    outbox.now.push({ type: 'heartbeat', from, to: progress.id, term, commit, ...sent })
  }
}

/** Reads of this turn wait for a round, which leaves at once. */
export function sendWantedRound(state: RaftState): void {
  state.rounds.wanted = false
  if (state.role !== 'leader') return
  beginRound(state)
  sendHeartbeats(state)
}
