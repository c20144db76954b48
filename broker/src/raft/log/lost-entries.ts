import type { BrokerId, LogIndex } from '@tailrace/schemas'
import type { HeartbeatReplyMessage } from '../messages.ts'
import { type Progress, probeFrom } from '../replication/progress.ts'
import type { RaftState } from '../state.ts'

/**
 * A follower says that less is durable there than it acknowledged: it came back without a part of its log that it had
 * promised to keep. An answer may be old, so only one to a heartbeat counts that was sent after the acknowledgement had
 * come.
 *
 * Committed entries stay committed. But the lost copies must not be counted for any other entry, and the rest of the
 * follower's log is unverified: the match falls to nothing, the one exception to M30, and the follower is probed from
 * its end on.
 */
export function noticeLostLog(
  state: RaftState,
  progress: Progress,
  { lastIndex, sentAt }: HeartbeatReplyMessage,
): void {
  if (
    lastIndex >= progress.match ||
    sentAt <= progress.matchedAt ||
    sentAt <= state.beatsCountAfter ||
    sentAt > state.now
  )
    return
  state.outbox.hasRare = true
  state.outbox.lostLogs.push({ from: progress.id, acknowledged: progress.match, has: lastIndex })
  progress.match = 0
  progress.matchedAt = state.now
  probeFrom(progress, Math.min(lastIndex, state.log.lastIndex) + 1, state.now)
}

/**
 * A follower learns from its leader that it has lost the end of its log (append.ts). The driver decides the next step.
 */
export function noteLostTail({ outbox, log }: RaftState, leader: BrokerId, acknowledged: LogIndex): void {
  outbox.hasRare = true
  outbox.lostTail = { leader, acknowledged, has: log.lastIndex }
}

/**
 * A follower discards entries from `first` on for its leader. Uncommitted entries may be discarded, but only their
 * leader knew which of them were committed. An entry that this replica has acknowledged was committed if enough others
 * have acknowledged it too: then a committed entry is lost, which is reported.
 */
export function noteCutTail(state: RaftState, first: LogIndex): void {
  const { outbox, log, leader } = state
  const earlier = outbox.cutTail
  outbox.hasRare = true
  outbox.cutTail = {
    leader,
    from: Math.min(first, earlier?.from ?? first),
    to: Math.max(log.lastIndex, earlier?.to ?? 0),
    acknowledged: first <= state.acknowledged || earlier?.acknowledged === true,
  }
  if (first <= state.acknowledged) state.acknowledged = first - 1
}
