import { NO_BROKER } from '@tailrace/schemas'
import type { Configuration } from '../config.ts'
import { appendConfiguration } from '../members/append-configuration.ts'
import { isVoter, members, voteOutcome } from '../members/quorum.ts'
import type { VoteReplyMessage } from '../messages.ts'
import type { RaftState } from '../state.ts'
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from '../transitions.ts'
import { mayCampaign } from './eligibility.ts'
import { MAX_TERM } from './term-rules.ts'

/** Begins an election: asks whether it could be won (M80), and holds it if so. */
export function campaign(state: RaftState): void {
  if (state.role === 'leader' || state.membership.forced !== null || !mayCampaign(state)) return
  // There is no later term to lead.
  if (state.term >= MAX_TERM) return
  if (state.defects.noPreVote) {
    holdElection(state)
    return
  }
  becomePreCandidate(state)
  requestVotes(state, true, false)
  countVote(state, state.id, true)
}

/**
 * M81: the leader transfers its leadership. There is no pre-vote, and no replica refuses the candidate because of a
 * promise to that leader (M10 (c)).
 */
export function campaignAtOnce(state: RaftState): void {
  if (!mayCampaign(state) || state.term >= MAX_TERM) return
  becomeCandidate(state)
  requestVotes(state, false, true)
}

/** Counts an answer to the request of this role and term; anything else has been sorted out before. */
export function onVoteReply(state: RaftState, message: VoteReplyMessage): void {
  const pre = state.role === 'pre-candidate'
  if (message.pre !== pre) return
  if (pre && message.granted && message.term !== state.term + 1) return
  countVote(state, message.from, message.granted)
}

/** A candidate's own vote counts from the moment when it cannot be forgotten any more (M9). */
export function countOwnVoteOnceDurable(state: RaftState): void {
  const { term, votedFor } = state.log.durability
  const { forced } = state.membership
  if (term !== state.term || votedFor !== state.id) return
  if (forced !== null) leadForced(state, forced)
  else countVote(state, state.id, true)
}

/** M83: the operator has voted. */
function leadForced(state: RaftState, forced: Configuration): void {
  const { membership, configuration: before } = state
  membership.forced = null
  becomeLeader(state)
  membership.change = { stage: 'leaving', final: forced, before, catchUp: null, failure: null }
  appendConfiguration(state, forced)
}

function holdElection(state: RaftState): void {
  becomeCandidate(state)
  requestVotes(state, false, false)
}

function countVote(state: RaftState, from: number, granted: boolean): void {
  // The first answer stands: a duplicate, or a late one, changes nothing.
  if (!state.votes.has(from)) state.votes.set(from, granted)
  const outcome = voteOutcome(state.deciding, (id) => state.votes.get(id))
  if (outcome === 'lost') becomeFollower(state, state.term, NO_BROKER)
  if (outcome !== 'won') return
  if (state.role === 'pre-candidate') holdElection(state)
  else if (state.log.durability.term === state.term) becomeLeader(state)
}

/**
 * A vote request waits for the fsync. It names a log and a term, and a vote that answers it can arrive after a crash;
 * had the crash taken the tail of that log and the term, the restarted candidate would ask again in the same term with
 * a shorter log, and the old vote would make it leader over a voter with more. A pre-vote decides nothing and leaves at
 * once.
 */
function requestVotes(state: RaftState, pre: boolean, transfer: boolean): void {
  const { outbox, log, id } = state
  const queue = pre || state.defects.voteRequestBeforeFsync ? outbox.now : outbox.afterPersist
  const term = pre ? state.term + 1 : state.term
  const { lastIndex, lastTerm } = log
  for (const to of members(state.configuration)) {
    if (to === id || !isVoter(state.configuration, to)) continue
    queue.push({ type: 'vote', from: id, to, term, pre, transfer, lastIndex, lastTerm })
  }
}
