import { NO_BROKER } from '@tailrace/schemas'
import { absurdityOfBeat, noteAbsurdity } from '../absurdity.ts'
import { campaign, campaignAtOnce } from '../election/campaign.ts'
import type { RaftMessage } from '../messages.ts'
import { acceptAppend, acceptHeartbeat, hearLeader } from '../replication/append.ts'
import { acceptOffer } from '../replication/install.ts'
import { electionTimerFired, type RaftState } from '../state.ts'

/**
 * Waits for its leader; campaigns when it has waited too long (M6). A replica that may not campaign, as a learner or
 * one that was removed, goes on waiting, but no longer names the leader that it has lost: others are asked then who
 * leads. One that installs a snapshot tells its leader when it has it.
 */
export function tickFollower(state: RaftState, mayCampaign: () => boolean): void {
  if (!electionTimerFired(state)) return
  if (mayCampaign()) campaign(state)
  if (state.role === 'follower' && state.installing === null) state.leader = NO_BROKER
}

export function stepFollower(state: RaftState, message: RaftMessage): void {
  if (message.type === 'append') {
    hearLeader(state, message.from)
    acceptAppend(state, message)
  } else if (message.type === 'heartbeat') {
    const absurdity = absurdityOfBeat(state, message)
    if (absurdity !== null) {
      noteAbsurdity(state, `a heartbeat of broker ${message.from} is dropped: ${absurdity}`)
      return
    }
    hearLeader(state, message.from)
    acceptHeartbeat(state, message)
  } else if (message.type === 'snapshot') {
    hearLeader(state, message.from)
    acceptOffer(state, message)
  } else if (message.type === 'timeout-now' && state.role === 'follower' && state.leader === message.from)
    campaignAtOnce(state)
  // Replies answer questions of a role that is over.
}
