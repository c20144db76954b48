import type { BrokerId, EntryHeader, LogIndex, Term } from '@tailrace/schemas'

/**
 * The messages between brokers of one group. `from` and `to` are broker ids; the driver adds the group and carries the
 * batches of an Append beside it. A message may be lost, delayed, duplicated or overtaken (M2): every handler must cope
 * with that.
 */
interface Envelope {
  readonly from: BrokerId
  readonly to: BrokerId
  readonly term: Term
}

/**
 * AppendEntries (M28). `entries` follow (prevIndex, prevTerm) without a gap; empty entries probe, or announce a commit.
 */
export interface AppendMessage extends Envelope {
  readonly type: 'append'
  readonly prevIndex: LogIndex
  readonly prevTerm: Term
  readonly entries: readonly EntryHeader[]
  readonly commit: LogIndex
}

/**
 * `matchIndex` is set on success only: the last index verified against the leader's log and durable here (M30). On a
 * rejection `rejectedIndex` repeats the request's prevIndex, and (`hintIndex`, `hintTerm`) is the last entry that could
 * still match (M31).
 */
export interface AppendReplyMessage extends Envelope {
  readonly type: 'append-reply'
  readonly success: boolean
  readonly matchIndex: LogIndex
  readonly rejectedIndex: LogIndex
  readonly hintIndex: LogIndex
  readonly hintTerm: Term
  /** Which replica of the broker answers (Configuration.admissions). Absent: 0. */
  readonly admission?: number
}

/**
 * `pre`: pre-vote, changes no replica's term or vote (M80). `transfer`: sent on a TimeoutNow, exempt from the lease
 * check (M10).
 */
export interface VoteMessage extends Envelope {
  readonly type: 'vote'
  readonly pre: boolean
  readonly transfer: boolean
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
}

export interface VoteReplyMessage extends Envelope {
  readonly type: 'vote-reply'
  readonly pre: boolean
  readonly granted: boolean
}

/**
 * The driver merges the heartbeats of all groups to one peer into one frame (M87). `commit` = min(commitIndex,
 * matchIndex) (M34). `sentAt`: the leader's tick; only the leader knows what it means.
 */
export interface HeartbeatMessage extends Envelope {
  readonly type: 'heartbeat'
  readonly commit: LogIndex
  readonly sentAt: number
  /** The leader asks the follower to sleep, if nothing is open there (M86). Absent: no. */
  readonly sleep?: boolean
  /** The last index that the receiver has acknowledged in this term, as the leader knows it. Absent or 0: not known. */
  readonly acknowledged?: LogIndex
  /** Reads wait for the answer, which repeats this number, above 0 (read-index.ts). Absent: none does. */
  readonly round?: number
}

/**
 * `lastIndex`: the last durable index here, so that a leader notices a follower that has fallen behind. `sentAt`
 * repeats the heartbeat's: replies may be lost, repeated and overtaken, so nothing else tells which heartbeat arrived
 * (M24).
 */
export interface HeartbeatReplyMessage extends Envelope {
  readonly type: 'heartbeat-reply'
  readonly lastIndex: LogIndex
  readonly sentAt: number
  /** The follower sleeps from now on, as it was asked to. Absent: no. */
  readonly asleep?: boolean
  /** Which replica of the broker answers (Configuration.admissions). Absent: not known. */
  readonly admission?: number
  /** The number in the answered heartbeat. Absent: 0, of a heartbeat for which no read waits. */
  readonly round?: number
}

/**
 * The offer of a committed state that covers everything up to (lastIndex, lastTerm) (M46). The data travels outside the
 * core: the follower's driver fetches it from `source`, the leader or a designated replica (M84). Answered by an append
 * reply.
 */
export interface SnapshotMessage extends Envelope {
  readonly type: 'snapshot'
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
  readonly source: BrokerId
}

/** M81: the leader transfers its leadership; the receiver campaigns at once, without a pre-vote. */
export interface TimeoutNowMessage extends Envelope {
  readonly type: 'timeout-now'
}

export type RaftMessage =
  | AppendMessage
  | AppendReplyMessage
  | VoteMessage
  | VoteReplyMessage
  | HeartbeatMessage
  | HeartbeatReplyMessage
  | SnapshotMessage
  | TimeoutNowMessage

/** Only the leader of a term sends these: a replica that receives one promises the leader an election timeout (M10). */
export function isOfLeader({ type }: RaftMessage): boolean {
  return type === 'append' || type === 'heartbeat' || type === 'snapshot'
}
