import type { BrokerId } from '@tailrace/schemas'
import type { Configuration } from '../config.ts'
import type { Progress } from '../replication/progress.ts'
import { followerOf, type RaftState } from '../state.ts'
import type { CatchUp, Learning } from './change-state.ts'
import { hasQuorum } from './quorum.ts'

const MOST_ROUNDS = 10
/** Election timeouts for which a replica that has to catch up may be silent. */
const PATIENCE = 10

/** Voters that stay and have all committed entries have caught up already. */
export function newCatchUp(
  { id: leader, log, now, commitIndex, configuration }: RaftState,
  final: Configuration,
): CatchUp {
  const ids = final.voters.filter((id) => id !== leader)
  const learning = ids.map((id) => {
    const isNew = !configuration.voters.includes(id)
    return { id, isNew, round: 1, roundStartedAt: now, roundEnd: isNew ? log.lastIndex : commitIndex, caughtUp: false }
  })
  return { learning, startedAt: now }
}

/**
 * M59: whether all newcomers, and with the voters that stay a majority of the new set, have nearly all entries of the
 * leader, and answer. Ends the rounds that are complete.
 */
export function isCaughtUp(state: RaftState, final: Configuration, { learning }: CatchUp): boolean {
  const late = learning.filter((replica) => !isThere(state, replica))
  return late.every(({ isNew }) => !isNew) && hasQuorum(final, (id) => late.every((replica) => replica.id !== id))
}

/** Why the change cannot continue, or null. */
export function catchUpFailure(
  state: RaftState,
  final: Configuration,
  { learning, startedAt }: CatchUp,
): string | null {
  const failures = new Map<BrokerId, string>()
  for (const replica of learning) {
    const failure = failureOf(state, replica, startedAt)
    if (failure === null) continue
    if (replica.isNew) return failure
    failures.set(replica.id, failure)
  }
  return hasQuorum(final, (id) => !failures.has(id)) ? null : [...failures.values()][0]!
}

function isThere(state: RaftState, replica: Learning): boolean {
  const progress = followerOf(state, replica.id)
  if (progress === undefined) return false
  if (!replica.caughtUp) endRound(state, replica, progress)
  return replica.caughtUp && state.now - progress.heardAt < state.options.electionTicks
}

function failureOf(state: RaftState, { id, round, caughtUp }: Learning, startedAt: number): string | null {
  const silentSince = Math.max(followerOf(state, id)?.heardAt ?? 0, startedAt)
  if (state.now - silentSince >= PATIENCE * state.options.electionTicks) return `broker ${id} does not answer`
  if (round > MOST_ROUNDS && !caughtUp) return `broker ${id} does not catch up: the log grows faster than it takes it`
  return null
}

function endRound({ now, log, options }: RaftState, replica: Learning, { match }: Progress): void {
  if (match < replica.roundEnd) return
  if (now - replica.roundStartedAt < options.electionTicks) {
    replica.caughtUp = true
    return
  }
  replica.round++
  replica.roundStartedAt = now
  replica.roundEnd = log.lastIndex
}
