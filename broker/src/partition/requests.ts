import type { BrokerId, LogIndex, Offset, Term } from '@tailrace/schemas'

/** Under which a publish is taken; else it is refused, and nothing is written. */
export interface PublishCondition {
  /**
   * The partition ends exactly there, proposals that are not committed yet included, else WRONG_EXPECTED_OFFSET: the
   * first record gets this offset.
   */
  readonly expectedOffset?: Offset
  /**
   * A fencing token of the partition, a whole number from 0 on. Lower than the highest accepted one: FENCED. Else it is
   * accepted, and is the highest from then on.
   */
  readonly fence?: number
}

export interface PublishResult {
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  /** The batch was in the log already; the offsets are the original ones (idempotence). */
  readonly duplicate: boolean
  /**
   * Names the record's entry, for reading it from any replica that holds it (M95). Absent when the leader cannot tell
   * any more.
   */
  readonly token?: ReadToken
  /** The brokers that had it on disk when it was acknowledged: a majority, the leader not always among them. */
  readonly holders?: readonly BrokerId[]
}

/**
 * An acknowledged entry. Together they name it: an index alone may hold another entry on a replica that is cut off
 * (M95).
 */
export interface ReadToken {
  readonly term: Term
  readonly index: LogIndex
  /**
   * Proves that a leader of the cluster has given it out (token-seal.ts): 16 hex digits; empty from a leader that
   * cannot seal.
   */
  readonly seal: string
}

export interface FetchRequest {
  readonly offset: Offset
  readonly maxBytes: number
  readonly waitMs: number
  /** The entry that the answer must cover, else NOT_CAUGHT_UP. */
  readonly token?: ReadToken
  /** Reads this replica, whether it leads or not (M95). */
  readonly replica?: boolean
  /** Leader: the answer shows all records that any leader acknowledged before the request (M24). */
  readonly linearizable?: boolean
  readonly signal?: AbortSignal
}

export interface FetchResult {
  readonly batches: readonly Uint8Array[]
  readonly bytes: number
  readonly nextOffset: Offset
  readonly highWatermark: Offset
  readonly logStart: Offset
  /**
   * The leader, on another broker, has rules that are not known here yet, and nobody in particular has asked: a client
   * that is to get this must ask under its own name.
   */
  readonly newerRules?: boolean
}

export interface OffsetResult {
  readonly offset: Offset
  readonly highWatermark: Offset
  readonly logStart: Offset
  /** The highest fencing token that was accepted, as far as it is committed; absent: none, or not known. */
  readonly fence?: number
}
