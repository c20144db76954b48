import type { BrokerId } from '@tailrace/schemas'
import type { CatchUp, Newcomer } from './change-state.ts'
import type { Progress } from './progress.ts'
import { followerOf, type RaftState } from './state.ts'

const MOST_ROUNDS = 10
/** Election timeouts for which a newcomer may be silent. */
const PATIENCE = 10

export function newCatchUp({ log, now }: RaftState, ids: readonly BrokerId[]): CatchUp {
  const newcomers = ids.map((id) => ({ id, round: 1, roundStartedAt: now, roundEnd: log.lastIndex, caughtUp: false }))
  return { newcomers, startedAt: now }
}

/** M59: whether all newcomers have nearly what the leader has, and are there. Ends the rounds that are complete. */
export function isCaughtUp(state: RaftState, { newcomers }: CatchUp): boolean {
  let all = true
  for (const newcomer of newcomers) {
    const progress = followerOf(state, newcomer.id)
    if (progress !== undefined && !newcomer.caughtUp) endRound(state, newcomer, progress)
    const active = progress !== undefined && state.now - progress.heardAt < state.options.electionTicks
    if (!newcomer.caughtUp || !active) all = false
  }
  return all
}

/** Why the newcomers will not catch up, or null. */
export function catchUpFailure(state: RaftState, catchUp: CatchUp): string | null {
  for (const { id, round, caughtUp } of catchUp.newcomers) {
    const heardAt = followerOf(state, id)?.heardAt ?? 0
    const silentSince = Math.max(heardAt, catchUp.startedAt)
    if (state.now - silentSince >= PATIENCE * state.options.electionTicks) return `broker ${id} does not answer`
    if (round > MOST_ROUNDS && !caughtUp) return `broker ${id} does not catch up: the log grows faster than it takes it`
  }
  return null
}

function endRound({ now, log, options }: RaftState, newcomer: Newcomer, { match }: Progress): void {
  if (match < newcomer.roundEnd) return
  if (now - newcomer.roundStartedAt < options.electionTicks) {
    newcomer.caughtUp = true
    return
  }
  newcomer.round++
  newcomer.roundStartedAt = now
  newcomer.roundEnd = log.lastIndex
}
