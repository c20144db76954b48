import type { BrokerId } from '@tailrace/schemas'
import { hasQuorum } from '../members/quorum.ts'
import type { HeartbeatMessage, HeartbeatReplyMessage, RaftMessage } from '../messages.ts'
import { commitIsCurrent } from '../reads/lease.ts'
import type { Progress } from '../replication/progress.ts'
import { armElectionTimer, followerOf, type RaftState } from '../state.ts'

/**
 * M86, M87: a group in which nothing happens sleeps. Its replicas send nothing, and their clocks stand still; the
 * brokers' own heartbeats, one for each pair of brokers, are all that is left. The leader asks for sleep with a
 * heartbeat. A member that has nothing open agrees and sleeps. When all have agreed the leader sleeps too. Three things
 * wake a replica: a proposal, a message of the group, and the driver, when a peer falls silent or comes back.
 *
 * Why it is safe: nothing is ever decided by a sleeper, and a clock that stood still makes a replica believe that the
 * last message of its leader came later than it did: it refuses votes for longer (M10), never for less time. Only the
 * leader's lease would be wrong (M24): a sleeping leader has none, and a woken one must earn it anew.
 *
 * Leader, each tick: whether the group sleeps from now on.
 */
export function fallAsleepIfAgreed(state: RaftState): boolean {
  const { silence, log, defects } = state
  const isOpen = !defects.sleepsUnsettled && !isSettled(state)
  if (isOpen || silence.quietIndex !== log.lastIndex) {
    silence.quietSince = state.now
    silence.quietIndex = log.lastIndex
    return false
  }
  silence.asleep = asksToSleep(state) && hasAgreement(state)
  return silence.asleep
}

/** Leader: whether its heartbeats ask the others to sleep. */
export function asksToSleep({ silence, options, now }: RaftState): boolean {
  return now - silence.quietSince >= (options.sleepAfterTicks ?? Number.POSITIVE_INFINITY)
}

/** Leader: notes what a heartbeat's answer says of its sender's sleep. */
export function noteSleeper(progress: Progress, { asleep, sentAt }: HeartbeatReplyMessage): void {
  if (asleep === true && sentAt > progress.agreedBeat) progress.agreedBeat = sentAt
}

/** Follower: sleeps if it is asked to and nothing is open here. Returns whether it does. */
export function agreeToSleep(state: RaftState, { sleep }: HeartbeatMessage): boolean {
  const { silence, log, commitIndex } = state
  const { durability, lastIndex } = log
  if (sleep !== true) return false
  silence.asleep = commitIndex === lastIndex && durability.lastIndex === lastIndex && durability.term === state.term
  return silence.asleep
}

/** Whether a message is more than the sleepers' agreement on their sleep. */
export function disturbs(state: RaftState, message: RaftMessage): boolean {
  if (message.term !== state.term) return true
  if (message.type === 'heartbeat') return message.sleep !== true
  return message.type !== 'heartbeat-reply' || message.asleep !== true
}

/** Leader: whether the member is alive. Of a sleeper only its broker sends anything. */
export function isActive({ silence, now, options }: RaftState, { id, heardAt }: Progress): boolean {
  return silence.asleep ? !silence.unreachable.has(id) : now - heardAt < options.electionTicks
}

/**
 * A member that is gone wakes no replica; one that is back wakes the leader. A removed broker can become a member
 * again.
 */
export function setReachable(state: RaftState, peer: BrokerId, reachable: boolean): void {
  const { unreachable } = state.silence
  if (!reachable) unreachable.add(peer)
  else if (unreachable.delete(peer) && state.role === 'leader' && followerOf(state, peer) !== undefined) wake(state)
}

/** The clocks go on. A leader asks at once who is alive; the answers that it has are too old to count on. */
export function wake(state: RaftState): void {
  if (!state.silence.asleep) return
  state.silence.asleep = false
  state.silence.quietSince = state.now
  if (state.role !== 'leader') {
    armElectionTimer(state)
    return
  }
  for (const progress of state.followers) {
    progress.heardAt = state.now
    if (!state.defects.sleeperKeepsLease) progress.answeredBeat = Number.NEGATIVE_INFINITY
  }
  // Nor may an answer count that was in flight for as long as the sleep: by a clock that stood still it would seem
  // fresh.
  if (!state.defects.sleeperKeepsLease) state.beatsCountAfter = state.now
  state.heartbeatAt = Number.NEGATIVE_INFINITY
}

/**
 * Nothing is open: every member that can be reached has everything, durably, and no member is being probed, copied to,
 * added or removed.
 */
function isSettled(state: RaftState): boolean {
  const { log, commitIndex, followers, silence } = state
  if (state.membership.active || state.membership.transfer !== null) return false
  if (!commitIsCurrent(state) || commitIndex !== log.lastIndex || log.durability.lastIndex !== log.lastIndex)
    return false
  for (let i = 0; i < followers.length; i++) {
    const progress = followers[i]!
    if (progress.leaving) return false
    if (silence.unreachable.has(progress.id)) continue
    if (progress.state === 'snapshot' || progress.match !== log.lastIndex) return false
  }
  return true
}

function hasAgreement(state: RaftState): boolean {
  const { silence, followers, id } = state
  const agrees = (progress: Progress) => progress.agreedBeat > silence.quietSince
  if (!followers.every((progress) => silence.unreachable.has(progress.id) || agrees(progress))) return false
  return hasQuorum(state.configuration, (member) => {
    const progress = followerOf(state, member)
    return member === id || (progress !== undefined && !silence.unreachable.has(member) && agrees(progress))
  })
}
