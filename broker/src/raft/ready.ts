import type { BrokerId, EntryHeader, HardState, LogIndex, Term } from '@tailrace/schemas'
import type { Configuration } from './config.ts'
import type { MemberOutcome, TransferOutcome } from './members/change-state.ts'
import type { RaftMessage } from './messages.ts'

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader'

/** Entries that a follower needs and that the core no longer has the headers of. Answered by `entriesRead`. */
export interface ReadRequest {
  readonly ticket: number
  readonly to: BrokerId
  readonly from: LogIndex
  readonly maxBytes: number
}

/**
 * A follower needs entries that were compacted. Answered by `offerSnapshot`; asked again once an election timeout until
 * it is in place.
 */
export interface OfferRequest {
  readonly to: BrokerId
}

/**
 * The state to fetch from `source` and to put in the place of this replica's log. Answered by `installed` or
 * `installFailed`.
 */
export interface InstallRequest {
  /** The leader that offers it. */
  readonly from: BrokerId
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
  readonly source: BrokerId
}

/**
 * A follower acknowledged entries up to `acknowledged` and now has `has`: its disk lost entries that it promised to
 * keep. To be logged as an error.
 */
export interface LostLog {
  readonly from: BrokerId
  readonly acknowledged: LogIndex
  readonly has: LogIndex
}

/**
 * The leader of this term has this replica's acknowledgement of entries up to `acknowledged`, and the log ends at
 * `has`: the disk lost entries that were promised. Entries, votes and terms of other groups may be gone as well.
 */
export interface LostTail {
  readonly leader: BrokerId
  readonly acknowledged: LogIndex
  readonly has: LogIndex
}

/** Entries that a leader of a later term has replaced, or does not have. */
export interface CutTail {
  readonly leader: BrokerId
  readonly from: LogIndex
  readonly to: LogIndex
  /** This replica has told an earlier leader that it keeps them, so that leader may have committed them. */
  readonly acknowledged: boolean
}

/**
 * The driver's next duties, in this order:
 * 1. log: make `hardState` the group's term and vote, discard from `truncateFrom`, append `append` (all in one write,
 *    ticket = number);
 * 2. send `send` at once, each peer's messages in order;
 * 3. start `reads`, get what `offers` asks for, start `install`;
 * 4. take `commitIndex` as committed: apply, wake readers, acknowledge;
 * 5. once the write is durable call `persisted(number)`, then send `sendAfterPersist` (M5, M25: nothing that promises
 *    durability leaves before). With nothing to write, and no earlier write of this group pending, that is at once.
 */
export interface Ready {
  readonly number: number
  readonly hardState: HardState | null
  readonly truncateFrom: LogIndex | null
  readonly append: readonly EntryHeader[]
  readonly send: readonly RaftMessage[]
  readonly sendAfterPersist: readonly RaftMessage[]
  readonly reads: readonly ReadRequest[]
  readonly offers: readonly OfferRequest[]
  readonly install: InstallRequest | null
  readonly lostLogs: readonly LostLog[]
  readonly lostTail: LostTail | null
  readonly cutTail: CutTail | null
  /** Messages of peers that no correct replica sends, which were dropped. To be logged as errors. */
  readonly absurdities: readonly string[]
  readonly commitIndex: LogIndex
  /** Set when one of its fields has changed since the last Ready. */
  /**
   * The configuration that governs here, if it has changed: appended (M68), or fallen back from after a truncation
   * (M71).
   */
  readonly configuration: Configuration | null
  /**
   * Leader: a change of members has come to its end. A deposed leader reports its own as failed, though the next one
   * may finish it.
   */
  readonly memberChange: MemberOutcome | null
  /** The transfer of leadership that began here has come to its end. */
  readonly transfer: TransferOutcome | null
  readonly change: { readonly role: Role; readonly term: Term; readonly leader: BrokerId } | null
}
