import type { EntryHeader, LogIndex } from '@tailrace/schemas'

const COMPACT_AFTER = 256

/**
 * Headers of the newest entries, found by index in O(1).
 * 1. It holds the consecutive entries firstIndex..nextIndex-1, and nextIndex - 1 is the log's last entry.
 * 2. Uncommitted entries that were appended since the start are never dropped; of the committed ones only the newest
 *    are kept.
 */
export class HeaderWindow {
  /** Bytes of the entries that are held and not committed. */
  uncommittedBytes = 0
  /** Bytes of the entries that the last `slice` returned. */
  sliceBytes = 0
  readonly #headers: EntryHeader[] = []
  /** Slot of firstIndex; dropped slots before it are released in bulk. */
  #head = 0
  #firstIndex: LogIndex
  #bytes = 0

  constructor(nextIndex: LogIndex) {
    this.#firstIndex = nextIndex
  }

  get firstIndex(): LogIndex {
    return this.#firstIndex
  }

  get nextIndex(): LogIndex {
    return this.#firstIndex + this.#headers.length - this.#head
  }

  /** The header at `index`, or undefined if it is not held. */
  get(index: LogIndex): EntryHeader | undefined {
    return index < this.#firstIndex ? undefined : this.#headers[this.#head + index - this.#firstIndex]
  }

  push(header: EntryHeader): void {
    this.#headers.push(header)
    this.#bytes += header.bytes
    this.uncommittedBytes += header.bytes
  }

  /** Drops the entries from `index` on; none of them is committed. */
  truncateFrom(index: LogIndex): void {
    const keep = Math.max(this.#head, this.#head + index - this.#firstIndex)
    for (let slot = keep; slot < this.#headers.length; slot++) {
      this.#bytes -= this.#headers[slot]!.bytes
      this.uncommittedBytes -= this.#headers[slot]!.bytes
    }
    this.#headers.length = keep
    if (index < this.#firstIndex) this.#firstIndex = index
  }

  /** Takes the entries from + 1..to as committed. */
  commit(from: LogIndex, to: LogIndex): void {
    for (let index = Math.max(from + 1, this.#firstIndex); index <= to; index++) {
      this.uncommittedBytes -= this.#headers[this.#head + index - this.#firstIndex]!.bytes
    }
  }

  /** Entries from `from` (held) on: at least one, then as many as fit `maxBytes`. */
  slice(from: LogIndex, maxBytes: number): EntryHeader[] {
    const begin = this.#head + from - this.#firstIndex
    let end = begin
    let bytes = 0
    while (end < this.#headers.length) {
      const more = this.#headers[end]!.bytes
      if (end > begin && bytes + more > maxBytes) break
      bytes += more
      end++
    }
    this.sliceBytes = bytes
    return this.#headers.slice(begin, end)
  }

  /** All entries from `from` (held) on. */
  tail(from: LogIndex): EntryHeader[] {
    return this.#headers.slice(this.#head + from - this.#firstIndex)
  }

  /** Drops the entries up to `last`, all committed: the log begins after it now. */
  compact(last: LogIndex): void {
    while (this.#firstIndex <= last && this.#head < this.#headers.length) {
      this.#bytes -= this.#headers[this.#head]!.bytes
      this.#head++
      this.#firstIndex++
    }
    this.#giveBack()
  }

  /**
   * Drops the oldest entries up to `limit`, all committed, until the committed ones take `maxCommittedBytes` at most.
   */
  trim(limit: LogIndex, maxCommittedBytes: number): void {
    while (this.#bytes - this.uncommittedBytes > maxCommittedBytes && this.#firstIndex <= limit) {
      this.#bytes -= this.#headers[this.#head]!.bytes
      this.#head++
      this.#firstIndex++
    }
    this.#giveBack()
  }

  #giveBack(): void {
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#headers.length) return
    this.#headers.splice(0, this.#head)
    this.#head = 0
  }
}
