import { commitIsCurrent } from '../reads/lease.ts'
import type { RaftState } from '../state.ts'
import { appendConfiguration } from './append-configuration.ts'
import { catchUpFailure, isCaughtUp, newCatchUp } from './catch-up.ts'
import { type MemberChange, reportChange } from './change-state.ts'
import {
  differsByOneVoter,
  finalConfiguration,
  jointConfiguration,
  type MemberTarget,
  newVoters,
  sameMembers,
  stagingConfiguration,
  withoutOutgoing,
} from './member-target.ts'
import { isMember } from './membership.ts'

/** Why a change is not begun. */
export type ChangeRefusal = 'not-leader' | 'term-not-committed' | 'busy' | 'transferring' | 'invalid'

/** See RaftCore.changeMembers. The caller continues with advanceChange. */
export function beginChange(state: RaftState, target: MemberTarget): 'started' | 'unchanged' | ChangeRefusal {
  const { configuration, defects, membership } = state
  if (state.role !== 'leader') return 'not-leader'
  if (membership.transfer !== null) return 'transferring'
  const final = finalConfiguration(configuration, target)
  if (final === null) return 'invalid'
  // M64: others may have an entry of an earlier term that this leader lacks and that changes members as well (the bug
  // of 2015).
  if (!commitIsCurrent(state) && !defects.changeBeforeOwnTerm) return 'term-not-committed'
  if (isChanging(state) && !defects.twoChangesAtOnce) return 'busy'
  if (sameMembers(configuration, final)) return 'unchanged'
  const newcomers = defects.noCatchUp ? [] : newVoters(configuration, final)
  const blank = newcomers.filter((id) => !isMember(configuration, id))
  const change: MemberChange = { stage: 'staging', final, before: configuration, catchUp: null, failure: null }
  membership.change = change
  membership.active = true
  if (blank.length > 0) appendConfiguration(state, stagingConfiguration(configuration, blank, final))
  // Only now, so that they catch up with the entry that names them as well: a replica that does not know itself as a
  // voter could not vote.
  if (!defects.noCatchUp) change.catchUp = newCatchUp(state, final)
  return 'started'
}

/** Leader: takes newcomers out again while they catch up; later a change cannot be called off. */
export function cancelChange({ membership }: RaftState): boolean {
  if (membership.change?.stage !== 'staging') return false
  membership.change.failure ??= 'cancelled'
  return true
}

/** M65: a change is under way, begun by any leader. */
export function isChanging({ membership, configuration, configurationIndex, commitIndex }: RaftState): boolean {
  return membership.change !== null || configuration.outgoing.length > 0 || configurationIndex > commitIndex
}

/**
 * Leader: takes the next step of the change, if its time has come. For everything that may move the commit index or a
 * follower, while `membership.active`. Returns whether the group is stable again.
 */
export function advanceChange(state: RaftState): boolean {
  const { membership, configuration, configurationIndex, commitIndex, defects } = state
  // M61: a change that an earlier leader has begun continues when an entry of this leader's term is committed.
  if (!commitIsCurrent(state) && !defects.changeBeforeOwnTerm) return false
  if (configurationIndex > commitIndex && !defects.twoChangesAtOnce) return false
  if (configuration.outgoing.length > 0) {
    if (membership.change !== null) membership.change.stage = 'leaving'
    appendConfiguration(state, withoutOutgoing(configuration))
    return false
  }
  const { change } = membership
  if (change?.stage === 'staging') return leaveStaging(state, change)
  if (configurationIndex > commitIndex) return false
  return endChange(state)
}

/** Leader, at a tick: replicas that have to catch up are judged by time. */
export function judgeCatchUp(state: RaftState): void {
  const { change } = state.membership
  if (change?.stage !== 'staging' || change.catchUp === null) return
  change.failure ??= catchUpFailure(state, change.final, change.catchUp)
}

function leaveStaging(state: RaftState, change: MemberChange): boolean {
  const { configuration, defects } = state
  if (change.failure !== null) {
    change.stage = 'leaving'
    if (sameMembers(configuration, change.before)) return endChange(state)
    appendConfiguration(state, change.before)
    return false
  }
  if (change.catchUp !== null && !isCaughtUp(state, change.final, change.catchUp)) return false
  change.catchUp = null
  if (differsByOneVoter(configuration, change.final) || defects.noJointConsensus) {
    change.stage = 'leaving'
    appendConfiguration(state, change.final)
  } else {
    change.stage = 'joint'
    appendConfiguration(state, jointConfiguration(configuration, change.final))
  }
  return false
}

/** Nothing is open any more; the change that was led here, if one was, has its outcome. */
function endChange({ membership }: RaftState): true {
  const { change } = membership
  if (change !== null) reportChange(membership, change.failure === null ? 'done' : 'failed', change.failure ?? '')
  membership.active = false
  return true
}
