import type { BrokerId, Term } from '@tailrace/schemas'
import type { Configuration } from '../config.ts'
import { MAX_TERM } from '../election/term-rules.ts'
import type { RaftState } from '../state.ts'
import { becomeCandidate, becomeFollower } from '../transitions.ts'
import { withAdmissions } from './member-target.ts'
import { admissionOf, isMember } from './membership.ts'

/**
 * M83: makes this replica the leader of `voters`, without the quorum that the configuration in force asks for. The
 * entries that only the others have are lost. If the others come back both sides hold committed entries that differ:
 * the caller has made sure that the quorum is gone permanently.
 *
 * The new term is above `aboveTerm`, the largest that the other members are known to have, so that they follow at once.
 * The term must be durable before anything is sent in it: forced again after a crash the replica would else lead one
 * term twice.
 */
export function forceConfiguration(
  state: RaftState,
  voters: readonly BrokerId[],
  aboveTerm: Term,
): 'started' | 'not-allowed' {
  const configuration = forcedConfiguration(state, voters)
  if (configuration === null) return 'not-allowed'
  const term = Math.max(state.term, aboveTerm)
  if (term >= MAX_TERM) return 'not-allowed'
  becomeFollower(state, term, state.role === 'leader' || term > state.term ? 0 : state.leader)
  becomeCandidate(state)
  state.membership.forced = configuration
  return 'started'
}

/** Members that the log knows, this replica included, with the admissions under which they were last named. */
function forcedConfiguration(state: RaftState, voters: readonly BrokerId[]): Configuration | null {
  const { id, admission, log, installing } = state
  // Its log is about to be replaced: after that the operator may ask again.
  if (installing !== null) return null
  if (!voters.includes(id) || new Set(voters).size !== voters.length || !log.configurations.everNamed) return null
  const admissions: Record<number, number> = {}
  for (const voter of voters) {
    const naming = log.configurations.all().findLast(({ configuration }) => isMember(configuration, voter))
    if (naming === undefined) return null
    admissions[voter] = voter === id ? admission : admissionOf(naming.configuration, voter)
  }
  return withAdmissions({ voters: [...voters], outgoing: [], learners: [] }, admissions)
}
