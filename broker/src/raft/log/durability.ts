import type { BrokerId, LogIndex, Term } from '@tailrace/schemas'

interface PendingWrite {
  readonly number: number
  /** The last entry that this write makes durable and that no later truncation has replaced. */
  lastIndex: LogIndex
  readonly term: Term
  readonly votedFor: BrokerId
}

/**
 * The part of this replica's state that is durable. Writes become durable in the order of their Readies.
 * 1. Entries 1..lastIndex of the current log are on disk; lastIndex never covers an entry that replaced another and is
 *    not durable.
 * 2. (term, votedFor) is the newest hard state on disk.
 *
 * A truncation lowers, at once, the index that every earlier write can still make durable. Comparing the (index, term)
 * of a late completion with the log instead would be fooled when an entry is truncated, replaced, and put back by a
 * third leader (etcd's async_storage_writes_append_aba_race): the disk may hold the middle version.
 */
export class Durability {
  lastIndex: LogIndex
  term: Term
  votedFor: BrokerId
  readonly #writes: PendingWrite[] = []
  readonly #lateWriteCounts: boolean

  constructor(lastIndex: LogIndex, term: Term, votedFor: BrokerId, lateWriteCounts: boolean) {
    this.lastIndex = lastIndex
    this.term = term
    this.votedFor = votedFor
    this.#lateWriteCounts = lateWriteCounts
  }

  /** Notes that Ready `number` carries a write that ends at `lastIndex` with this hard state. */
  issued(number: number, lastIndex: LogIndex, term: Term, votedFor: BrokerId): void {
    this.#writes.push({ number, lastIndex, term, votedFor })
  }

  /** Entries from `index` on are no longer those that earlier writes carry. */
  truncatedFrom(index: LogIndex): void {
    if (this.lastIndex >= index) this.lastIndex = index - 1
    if (this.#lateWriteCounts) return
    for (let i = this.#writes.length - 1; i >= 0 && this.#writes[i]!.lastIndex >= index; i--) {
      this.#writes[i]!.lastIndex = index - 1
    }
  }

  /**
   * Another log, durable to `lastIndex`, has taken the place of this one: pending writes make nothing of it durable.
   */
  replaced(lastIndex: LogIndex): void {
    this.truncatedFrom(lastIndex + 1)
    this.lastIndex = lastIndex
  }

  /** All writes up to Ready `number` are durable. `last` is the log's last index. */
  persisted(number: number, last: LogIndex): void {
    let count = 0
    while (count < this.#writes.length && this.#writes[count]!.number <= number) {
      const write = this.#writes[count]!
      if (write.lastIndex > this.lastIndex) this.lastIndex = Math.min(write.lastIndex, last)
      this.term = write.term
      this.votedFor = write.votedFor
      count++
    }
    if (count > 0) this.#writes.splice(0, count)
  }
}
