import type { BrokerId, EntryHeader, HardState, LogIndex, Term } from '@tailrace/schemas'
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
 * What the driver must do next, in this order:
 * 1. log: make `hardState` the group's term and vote, discard from `truncateFrom`, append `append` (all in one write, ticket = number);
 * 2. send `send` at once, each peer's messages in order;
 * 3. start `reads`;
 * 4. take `commitIndex` as committed: apply, wake readers, acknowledge;
 * 5. once the write is durable call `persisted(number)`, then send `sendAfterPersist` (M5, M25: nothing that promises durability
 *    leaves before). With nothing to write, and no earlier write of this group pending, that is at once.
 */
export interface Ready {
  readonly number: number
  readonly hardState: HardState | null
  readonly truncateFrom: LogIndex | null
  readonly append: readonly EntryHeader[]
  readonly send: readonly RaftMessage[]
  readonly sendAfterPersist: readonly RaftMessage[]
  readonly reads: readonly ReadRequest[]
  readonly commitIndex: LogIndex
  /** Set when one of its fields has changed since the last Ready. */
  readonly change: { readonly role: Role; readonly term: Term; readonly leader: BrokerId } | null
}
