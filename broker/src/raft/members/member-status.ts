import type { ChangeStatus } from '../core.ts'
import type { RaftState } from '../state.ts'

/** M62: where a change of members stands, as far as this replica knows. */
export function changeStatus({ membership, configuration, configurationIndex, commitIndex }: RaftState): ChangeStatus {
  const { change } = membership
  const { voters, learners, admissions } = change?.final ?? configuration
  const target = admissions === undefined ? { voters, learners } : { voters, learners, admissions }
  if (change !== null) {
    const awaited = change.catchUp?.learning.filter(({ isNew, caughtUp }) => isNew || !caughtUp) ?? []
    const round = Math.max(0, ...awaited.map((replica) => replica.round))
    const status = { stage: change.stage, target, round }
    return change.failure === null ? status : { ...status, reason: change.failure }
  }
  if (configuration.outgoing.length > 0) return { stage: 'joint', target, round: 0 }
  if (configurationIndex > commitIndex) return { stage: 'leaving', target, round: 0 }
  return { stage: 'stable', target: null, round: 0 }
}
