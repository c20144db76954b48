import { quorumIndex } from '../members/quorum.ts'
import type { Progress } from '../replication/progress.ts'
import { followerOf, type RaftState } from '../state.ts'

/**
 * M24: linearizable reads without a lease (ReadIndex, dissertation §6.4). A leader that a quorum has answered since a
 * read came was not deposed before, whatever the clocks show: no later leader can have committed an entry that this
 * leader does not know. All reads of a turn share one round of heartbeats; a round that is lost in flight goes out
 * again with the regular heartbeats, until a quorum has answered it.
 */
export function wantRound({ rounds }: RaftState): number {
  rounds.wanted = true
  return rounds.last + 1
}

/** Leader: the round that reads of this turn wait for begins; the heartbeats that carry it leave after this. */
export function beginRound(state: RaftState): void {
  state.rounds.last += 1
  countAnswers(state)
}

/** The round that heartbeats carry: the newest one while it is not answered, else 0. */
export function openRound({ rounds }: RaftState): number {
  return rounds.last > rounds.answered ? rounds.last : 0
}

/** Leader: whether a quorum has answered this round or a later one. */
export function roundAnswered({ role, rounds }: RaftState, round: number): boolean {
  return role === 'leader' && round <= rounds.answered
}

/** Answers of earlier terms do not come here, and `answeredRound` begins at 0 with each term. */
export function noteAnsweredRound(state: RaftState, progress: Progress, round: number): void {
  if (round <= progress.answeredRound || round > state.rounds.last) return
  progress.answeredRound = round
  countAnswers(state)
}

function countAnswers(state: RaftState): void {
  const { rounds, deciding, id } = state
  const answered = quorumIndex(deciding, (member) =>
    member === id ? rounds.last : (followerOf(state, member)?.answeredRound ?? 0),
  )
  rounds.answered = Math.max(rounds.answered, answered)
}
