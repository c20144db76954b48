import type { ErrorShape, Offset, PartitionNumber, Term } from '@tailrace/schemas'

export interface PartitionId {
  readonly topicId: string
  readonly partition: PartitionNumber
}

export function partitionKey({ topicId, partition }: PartitionId): string {
  return `${topicId}/${partition}`
}

/** A partition that this member may work on, until it is revoked or lost. */
export interface Lease extends PartitionId {
  readonly topic: string
  /** The fencing token: greater than that of all leases of this partition before. */
  readonly token: number
  /** The committed position; -1: there is none. */
  readonly offset: Offset
  readonly term: Term
  readonly metadata: string
  /** Of the {@link Pulse}: where the records are noted that are being handled. */
  readonly slot: number
}

export interface DueRecord extends PartitionId {
  readonly offset: Offset
  readonly attempt: number
  readonly token: number
}

/** What the coordinator has answered to a beat: all of it, also what it has said before. */
export interface Told {
  readonly member: string
  readonly generation: number
  readonly leases: readonly Lease[]
  readonly revoke: readonly PartitionId[]
  readonly due: readonly DueRecord[]
}

/** What a handler that has a record for too long leads to; see `GroupOptions`. */
export type StuckHandlers = 'keep' | 'release' | 'leave'

/** A lease that the member has given up because of a handler that does not return. */
export interface GivenUpLease extends PartitionId {
  readonly token: number
}

/** Why all leases are gone: the member was taken out, or has left because of a handler that does not return. */
export type LossReason = 'fenced' | 'stuck'

export interface StuckRecord extends PartitionId {
  readonly topic: string
  readonly offset: Offset
  readonly heldMs: number
}

/** From the side of the beats to that of the records. */
export interface BeatEvents {
  told(told: Told): void
  /** No lease of a generation before this one is valid. */
  lost(reason: LossReason, generation: number): void
  /** The lease is not valid any more. When none of its records is handled, {@link Beats.returned} is to be called. */
  gaveUp(lease: GivenUpLease): void
  /** A handler has had this record for longer than it should. Once for each record. */
  stuck(record: StuckRecord): void
  /** There will be no further beats. */
  failed(error: ErrorShape): void
}

export interface BeatSettings {
  readonly group: string
  readonly clientId: string
  readonly instance: string
  readonly rack: string
  readonly sessionMs: number
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
  readonly handlerTimeoutMs: number
  /** What a handler that holds a record for longer leads to. */
  readonly stuckHandlers: StuckHandlers
  /** The end of the connection that carries the beats tells the coordinator that the member is gone. */
  readonly leaveOnDisconnect: boolean
}

/** From the side of the records to that of the beats. */
export interface Beats {
  /** Where the beats are sent from. */
  readonly from: 'worker' | 'timers'
  /** This partition has been finished: its lease is given back. */
  release(partition: PartitionId, token: number): void
  /** The handlers of a lease that was given up have returned: the member takes the partition again. */
  returned(lease: GivenUpLease): void
  /** Asks the coordinator at once: a commit was refused. */
  hurry(): void
  /** Joins again, after the member has left because of a handler. */
  rejoin(): void
  /** Leaves the group, and ends. Never rejects. */
  leave(): Promise<void>
  /** Ends without a word, as a process that is killed. */
  close(): void
}
