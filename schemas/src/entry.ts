import type { BrokerId, LogIndex, Offset, Term } from './ids.ts'

/**
 * What a Raft log position holds. `Records` carries user records and takes offsets; the others are control entries:
 * they take an index and no offset, so users never see them (docs/design.md).
 */
export const EntryKind = { Records: 0, TermStart: 1, Configuration: 2, Fence: 3, Deletion: 4 } as const
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind]

/**
 * Everything that the consensus core knows of an entry. Its bytes, one RecordBatch v2, stay with the driver.
 * 1. `index` follows the previous entry's index by one; `term` never falls along the log.
 * 2. A Records entry holds offsets baseOffset..lastOffset, lastOffset >= baseOffset.
 * 3. A control entry holds none: lastOffset = baseOffset - 1.
 * 4. baseOffset = the previous entry's lastOffset + 1.
 * 5. `bytes` is the length of the whole batch, header included.
 */
export interface EntryHeader {
  readonly index: LogIndex
  readonly term: Term
  readonly kind: EntryKind
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  readonly bytes: number
}

/** What Raft must find again after a crash besides the log (M5). Durable before any message that depends on it. */
export interface HardState {
  readonly term: Term
  /** The broker that this broker voted for in `term`, or NO_BROKER. */
  readonly votedFor: BrokerId
}

/** Where a term begins: the first entry of `term` has index `index` and baseOffset `offset`. */
export interface TermStart {
  readonly term: Term
  readonly index: LogIndex
  readonly offset: Offset
}
