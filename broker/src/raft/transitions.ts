import { type BrokerId, EntryKind, NO_BROKER, type Term } from '@tailrace/schemas'
import { broken } from './invariant.ts'
import { abandonChange } from './members/change-state.ts'
import type { Role } from './ready.ts'
import { trackMembers } from './replication/followers.ts'
import { armElectionTimer, type RaftState } from './state.ts'

/**
 * Every change of role, and nothing else. An arrow that is not in this table throws.
 *
 *   from           event                                                       to             term
 *   follower       message of a higher term (M12), or of this term's leader    follower       raised / same
 *   follower       election timer fired, campaign()                            pre-candidate  same
 *   follower       told to campaign (M81), forced (M83)                        candidate      + 1
 *   pre-candidate  election timer fired, campaign()                            pre-candidate  same
 *   pre-candidate  quorum of pre-votes (M80)                                   candidate      + 1
 *   pre-candidate  message of this term's leader, higher term, quorum refused  follower       same / raised
 *   candidate      quorum of votes, own one durable (M9, M17)                  leader         same
 *   candidate      election timer fired, campaign()                            pre-candidate  same
 *   candidate      message of this term's leader, higher term, quorum refused  follower       same / raised
 *   leader         higher term (M21); no quorum answers for ET (M22)           follower       raised / same
 */
const arrows: Record<Role, readonly Role[]> = {
  follower: ['follower', 'pre-candidate', 'candidate'],
  'pre-candidate': ['pre-candidate', 'candidate', 'follower'],
  candidate: ['leader', 'pre-candidate', 'follower'],
  leader: ['follower'],
}

/** Follows `leader` (or no leader yet) in `term`. A higher term forgets the vote (M12). */
export function becomeFollower(state: RaftState, term: Term, leader: BrokerId): void {
  guard(state, 'follower')
  if (term < state.term) broken(`term falls from ${state.term} to ${term}`)
  if (term > state.term) {
    state.term = term
    state.votedFor = NO_BROKER
  } else if (state.leader !== NO_BROKER && leader !== NO_BROKER && leader !== state.leader) {
    broken(`term ${term} has two leaders, ${state.leader} and ${leader}`)
  }
  const steppedDown = state.role !== 'follower'
  if (steppedDown) abandonChange(state.membership)
  state.role = 'follower'
  state.leader = leader
  state.followers = []
  state.flushNeeded = false
  state.votes.clear()
  if (steppedDown) armElectionTimer(state)
}

/** Asks around without raising the term. The leader, if there was one, is given up (M39). */
export function becomePreCandidate(state: RaftState): void {
  guard(state, 'pre-candidate')
  state.role = 'pre-candidate'
  state.leader = NO_BROKER
  state.votes.clear()
  armElectionTimer(state)
}

/** Raises the term and votes for itself; that vote counts once it is durable. */
export function becomeCandidate(state: RaftState): void {
  if (!state.defects.noPreVote || state.role === 'leader') guard(state, 'candidate')
  state.role = 'candidate'
  state.term++
  state.votedFor = state.id
  state.leader = NO_BROKER
  state.votes.clear()
  armElectionTimer(state)
}

/** Leads the term without knowledge of the others (M30), and appends an entry of its own term at once (M38). */
export function becomeLeader(state: RaftState): void {
  guard(state, 'leader')
  const { log, id, term } = state
  state.role = 'leader'
  state.leader = id
  state.votes.clear()
  state.followers = []
  trackMembers(state)
  // M61: a change that an earlier leader has left unfinished is looked for.
  state.membership.active = true
  state.termStartIndex = log.lastIndex + 1
  log.append({
    index: state.termStartIndex,
    term,
    kind: EntryKind.TermStart,
    baseOffset: log.nextOffset,
    lastOffset: log.nextOffset - 1,
    bytes: state.options.controlBytes,
  })
  // Heartbeats wait a full interval: the TermStart entry goes to all members right now.
  state.heartbeatAt = state.now
  state.beatsCountAfter = state.now
  state.flushNeeded = true
}

function guard(state: RaftState, to: Role): void {
  if (!arrows[state.role].includes(to)) broken(`no arrow from ${state.role} to ${to}`)
}
