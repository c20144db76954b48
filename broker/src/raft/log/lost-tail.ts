import type { BrokerId, LogIndex } from '@tailrace/schemas'
import type { RaftState } from '../state.ts'

/** A follower learns from its leader that it has lost the end of its log (append.ts). The driver decides what to do. */
export function noteLostTail({ outbox, log }: RaftState, leader: BrokerId, acknowledged: LogIndex): void {
  outbox.hasRare = true
  outbox.lostTail = { leader, acknowledged, has: log.lastIndex }
}

/**
 * A follower discards entries from `first` on for its leader. Those that were never committed may go, and only their leader knew of which that is true. One
 * that this replica has acknowledged was committed if enough others have acknowledged it too: then it is lost, and somebody should know.
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
