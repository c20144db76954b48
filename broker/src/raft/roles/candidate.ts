import { NO_BROKER } from '@tailrace/schemas'
import { campaign, onVoteReply } from '../election/campaign.ts'
import type { RaftMessage } from '../messages.ts'
import { electionTimerFired, type RaftState } from '../state.ts'
import { becomeFollower } from '../transitions.ts'
import { stepFollower } from './follower.ts'

/** A pre-candidate has lost its leader and asks, without raising the term, whether an election could be won (M80). */
export function tickPreCandidate(state: RaftState, mayCampaign: () => boolean): void {
  if (electionTimerFired(state)) campaignAgain(state, mayCampaign)
}

export function stepPreCandidate(state: RaftState, message: RaftMessage): void {
  if (message.type === 'vote-reply') onVoteReply(state, message)
  // A leader of this term lives after all: follow it.
  else stepFollower(state, message)
}

/**
 * Holds an election (M9). One that ends without a winner is not repeated blindly: the next begins with a pre-vote
 * (M17).
 */
export function tickCandidate(state: RaftState, mayCampaign: () => boolean): void {
  if (electionTimerFired(state)) campaignAgain(state, mayCampaign)
}

export function stepCandidate(state: RaftState, message: RaftMessage): void {
  if (message.type === 'vote-reply') onVoteReply(state, message)
  // Another candidate has won this term: follow it (M17).
  else stepFollower(state, message)
}

/** An election without a winner makes room for those of other groups, if there are too many. */
function campaignAgain(state: RaftState, mayCampaign: () => boolean): void {
  if (mayCampaign()) campaign(state)
  else becomeFollower(state, state.term, NO_BROKER)
}
