import type { LogIndex } from '@tailrace/schemas'
import { noteAbsurdity } from '../absurdity.ts'
import { noticeLostLog } from '../log/lost-entries.ts'
import { quorumIndex } from '../members/quorum.ts'
import type { AppendReplyMessage, HeartbeatReplyMessage } from '../messages.ts'
import { noteAnsweredBeat } from '../reads/lease.ts'
import { noteAnsweredRound } from '../reads/read-index.ts'
import { noteSleeper } from '../sleep/sleep.ts'
import { commitTo, followerOf, type RaftState } from '../state.ts'
import { type Progress, probeFrom, replicateFromMatch } from './progress.ts'
import { askAtEnd, hasRoomAndNeed, resumeAt } from './replication.ts'
import { repeatOffer } from './snapshot-offer.ts'

/** Leader: an append was accepted, or rejected. */
export function onAppendReply(state: RaftState, message: AppendReplyMessage): void {
  const progress = followerOf(state, message.from)
  // A broker's former replica may have had entries that its present one lacks.
  if (progress === undefined || progress.admission !== (message.admission ?? 0)) return
  progress.heardAt = state.now
  if (message.success) onAccepted(state, progress, message.matchIndex)
  else onRejected(state, progress, message)
  if (hasRoomAndNeed(state, progress)) state.flushNeeded = true
}

/**
 * A follower is alive. If an append to it has been in flight for long without an answer, that append was lost: probe
 * again. A pipeline gets a whole election timeout, for a follower whose disk is slow must not be flooded with copies of
 * the entries that it is writing.
 */
export function onHeartbeatReply(state: RaftState, message: HeartbeatReplyMessage): void {
  const progress = followerOf(state, message.from)
  if (progress === undefined || (message.admission ?? progress.admission) !== progress.admission) return
  progress.heardAt = state.now
  noteAnsweredBeat(state, progress, message.sentAt)
  noteAnsweredRound(state, progress, message.round ?? 0)
  noticeLostLog(state, progress, message)
  repeatOffer(state, progress)
  noteSleeper(progress, message)
  progress.readFailed = false
  const { electionTicks, heartbeatTicks } = state.options
  const patience = progress.state === 'probe' ? Math.max(2 * heartbeatTicks, electionTicks >> 1) : electionTicks
  const waiting = progress.paused || progress.inflights.count > 0
  if (waiting && !state.defects.noResend && state.now - progress.movedAt >= patience) {
    probeFrom(progress, progress.state === 'probe' ? progress.next : resumeAt(state, progress), state.now)
  }
  askAtEnd(state, progress, message.sentAt)
  if (hasRoomAndNeed(state, progress)) state.flushNeeded = true
}

/**
 * M32: commits up to the last entry that a majority has durably, if that entry is of the leader's own term; older
 * entries commit with it, never by their own count (Figure 8). M92: the leader's own copy counts from its own fsync on,
 * no sooner.
 */
export function advanceCommit(state: RaftState): void {
  const index = committable(state)
  if (index <= state.commitIndex) return
  if (state.log.termAt(index) !== state.term && !state.defects.commitOlderTerm) return
  commitTo(state, index)
  // Followers learn of the commit with the next append or heartbeat; some groups want it told at once.
  if (state.options.announceCommit) state.flushNeeded = true
}

/**
 * M69, M72: the last entry that enough members of the latest configuration have, before the change or after it.
 * Negative controls: the vote that the set before a change has while the change is not committed.
 */
function committable({ deciding, matchOf, defects, log, configurationIndex, commitIndex }: RaftState): LogIndex {
  const index = quorumIndex(deciding, matchOf)
  if (!defects.eitherSetCounts && !defects.bothSetsNeeded) return index
  const { previous } = log.configurations
  if (previous === undefined || configurationIndex <= commitIndex) return index
  const before = quorumIndex(previous, matchOf)
  return defects.eitherSetCounts ? Math.max(index, before) : Math.min(index, before)
}

/** M30: the only place where a match is learned. */
function onAccepted(state: RaftState, progress: Progress, matchIndex: number): void {
  if (matchIndex > state.log.lastIndex) {
    noteAbsurdity(state, `broker ${progress.id} acknowledges entry ${matchIndex}, which this leader has not written`)
    return
  }
  if (matchIndex < progress.match) return
  const advanced = matchIndex > progress.match
  progress.match = matchIndex
  progress.inflights.freeTo(matchIndex)
  if (progress.state === 'snapshot') leaveSnapshot(state, progress)
  else if (progress.state === 'probe') leaveProbe(state, progress)
  else if (progress.next <= matchIndex) progress.next = matchIndex + 1
  if (!advanced) return
  progress.movedAt = state.now
  progress.matchedAt = state.now
  advanceCommit(state)
}

/**
 * A late answer about entries that have been compacted since does not say where to continue: the probe after it will.
 * That may stand before those entries: at a place that is compacted as well, and that does not become an offer because
 * a read has failed.
 */
function leaveProbe({ log }: RaftState, progress: Progress): void {
  if (progress.match >= log.prevIndex) replicateFromMatch(progress)
  else progress.next = Math.max(progress.next, progress.match + 1)
}

/**
 * The state that the follower has acknowledged reaches up to this log; or this log was cut further meanwhile, and the
 * follower needs another state.
 */
function leaveSnapshot(state: RaftState, progress: Progress): void {
  if (progress.match >= state.log.prevIndex) replicateFromMatch(progress)
  else progress.next = progress.match + 1
}

/**
 * M31: goes back to the last place that could match. In a pipeline one gap earns a rejection of every append behind it:
 * the first rewinds, the others no longer name the place that is being probed and are dropped. A rejection says nothing
 * about the match.
 */
function onRejected(state: RaftState, progress: Progress, message: AppendReplyMessage): void {
  const { rejectedIndex, hintIndex } = message
  if (state.defects.matchFromRejection && hintIndex > progress.match && hintIndex <= state.log.lastIndex) {
    progress.match = hintIndex
    progress.next = Math.max(progress.next, hintIndex + 1)
    advanceCommit(state)
  }
  if (progress.state === 'snapshot' || rejectedIndex <= progress.match || rejectedIndex >= progress.next) return
  if (progress.state === 'probe' && rejectedIndex !== progress.next - 1) return
  probeFrom(progress, Math.max(nextProbe(state, message), progress.match + 1), state.now)
}

/**
 * Where to look next. At or below prevIndex means: the entries that the follower needs are gone here, and it gets a
 * snapshot (M46).
 */
function nextProbe({ log, options }: RaftState, { rejectedIndex, hintIndex, hintTerm }: AppendReplyMessage): LogIndex {
  const reachable = Math.min(hintIndex, rejectedIndex - 1, log.lastIndex)
  if (options.termHint === false || reachable < log.prevIndex) return reachable + 1
  return log.terms.lastIndexOfTermAtMost(hintTerm, reachable) + 1
}
