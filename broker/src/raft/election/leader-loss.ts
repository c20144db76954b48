import { wake } from '../sleep/sleep.ts'
import type { RaftState } from '../state.ts'
import { leaderIsAlive } from './election.ts'

/** Ticks that the first to campaign leaves the others to notice the loss as well. */
const NOTICE_TICKS = 2

/**
 * Follower: the leader's broker shows no sign of life. That proves nothing, so no promise ends earlier (M10); but the
 * voters that are left agree on which of them is to campaign first, in place of drawing timeouts that may split the
 * votes (M7). The first (`eager`) campaigns a tick after its promise, so that the others' have ended too; the range of
 * the others begins after that. A replica that should rather not lead (M82) waits as it would.
 *
 * A sleeper's clock is set to the tick that it would show had it not stood still for `elapsedTicks` (M86).
 */
export function loseLeader(state: RaftState, elapsedTicks: number, eager: boolean): void {
  if (state.role !== 'follower') return
  if (state.silence.asleep) {
    state.now += elapsedTicks
    wake(state)
  }
  const { electionTicks, random } = state.options
  const { now, timerArmedAt, leaderHeardAt } = state
  const bound = leaderIsAlive(state)
  // A link that breaks again and again brings a campaign forward, or puts it off within this range, no further.
  const first = Math.max(bound ? leaderHeardAt + electionTicks + 1 : now, now + NOTICE_TICKS) - timerArmedAt
  if (eager && state.electionFactor === 1)
    state.electionTimeout = bound ? first : Math.min(state.electionTimeout, first)
  else if (bound) state.electionTimeout = Math.max(state.electionTimeout, first + NOTICE_TICKS + random(electionTicks))
}
