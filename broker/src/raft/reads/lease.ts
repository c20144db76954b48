import { hasQuorum } from '../members/quorum.ts'
import type { Progress } from '../replication/progress.ts'
import { followerOf, type RaftState } from '../state.ts'

/**
 * For how many of its own ticks a leader may count on a heartbeat that a quorum has answered, from its sending on: the
 * election timeout divided by the bound on clock drift (dissertation §6.4.1), here 10/9.
 *
 * A follower refuses its vote for electionTicks ticks (M10), the first of which was already under way when the
 * heartbeat came: only electionTicks - 1 whole ones are sure. The leader's ticks may be longer than the follower's by
 * the drift.
 */
export function leaseTicks(electionTicks: number): number {
  return Math.floor(((electionTicks - 1) * 9) / 10)
}

/** Leader: an entry of its own term is committed, so its commit index covers all that was ever acknowledged. */
export function commitIsCurrent({ role, commitIndex, termStartIndex }: RaftState): boolean {
  return role === 'leader' && commitIndex >= termStartIndex
}

/**
 * M24; see RaftCore.hasLease. Appends would renew the lease as well, but heartbeats go out at every interval anyway.
 */
export function hasLease(state: RaftState): boolean {
  if (!commitIsCurrent(state) || (state.silence.asleep && !state.defects.sleeperKeepsLease)) return false
  // M81: a voter that is told to campaign does so in spite of the others' promises, on which the lease rests.
  const { transfer, handedOn } = state.membership
  if ((transfer !== null || handedOn) && !state.defects.transferKeepsLease) return false
  const ticks = leaseTicks(state.options.electionTicks)
  return hasQuorum(state.deciding, (id) => {
    if (id === state.id) return true
    const progress = followerOf(state, id)
    return progress !== undefined && state.now - progress.answeredBeat < ticks
  })
}

/**
 * The process stood still for longer than its ticks show (SIGSTOP, a machine that was moved): the promises of the
 * others may have run out. The lease must be earned anew, by heartbeats that leave after this.
 */
export function forgetBeats(state: RaftState): void {
  if (state.defects.pauseKeepsLease) return
  for (const progress of state.followers) progress.answeredBeat = Number.NEGATIVE_INFINITY
  state.beatsCountAfter = state.now
}

/** A follower has answered the heartbeat of tick `sentAt`; answers may come twice and in any order. */
export function noteAnsweredBeat(state: RaftState, progress: Progress, sentAt: number): void {
  const beat = state.defects.leaseFromArrival ? state.now : sentAt
  // No heartbeat of this term left before it was led, or will have left at a tick that is yet to come: such an answer
  // proves nothing.
  if (beat > state.beatsCountAfter && beat <= state.now && beat > progress.answeredBeat) progress.answeredBeat = beat
}
