import { admissionOf, isMember } from '../members/membership.ts'
import { isVoter } from '../members/quorum.ts'
import type { RaftState } from '../state.ts'

/**
 * Whether this replica may vote and pre-vote for others. A broker that was removed, deleted its replica and is added
 * again has forgotten its votes and what it has acknowledged; if it voted before its log reaches the entry that admits
 * it anew, two majorities need have no replica in common that remembers. So neither a blank replica votes nor one that
 * is named under another admission.
 *
 * M67: a replica that the latest configuration does not name any more, or names as a learner, still votes: the
 * candidate may know of a later change.
 */
export function mayVote(state: RaftState): boolean {
  const { configuration, id, admission, log } = state
  if (state.defects.votesUnderAnyAdmission) return true
  if (configuration.voters.length === 0) return false
  if (state.defects.onlyVotersVote && !isVoter(configuration, id)) return false
  if (isMember(configuration, id)) return admissionOf(configuration, id) === admission
  return log.configurations.everNamed
}

/**
 * Whether this replica may ask for votes: a voter of the latest configuration, under its own admission. M66: also a
 * replica that was a voter before an entry that is not known to be committed (dissertation §4.2.2). Perhaps no other
 * replica has that entry, and then no other can win: the change of a single replica to another one would be stuck
 * permanently after a crash. It does not count itself.
 */
export function mayCampaign(state: RaftState): boolean {
  const { configuration, configurationIndex, commitIndex, id, admission, log } = state
  // M53: it lacks committed entries, so every quorum has a member that has them and can win.
  if (state.installing !== null) return false
  const isEligible = isVoter(configuration, id) || (state.defects.learnersCampaign && isMember(configuration, id))
  if (isEligible) return admissionOf(configuration, id) === admission
  if (state.defects.outsiderNeverCampaigns || configurationIndex <= commitIndex || configuration.voters.length === 0)
    return false
  const { previous } = log.configurations
  return previous !== undefined && isVoter(previous, id) && admissionOf(previous, id) === admission
}
