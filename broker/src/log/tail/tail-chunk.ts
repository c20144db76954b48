import type { EntryHeader, LogIndex, Offset, TermStart, Timestamp } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import type { StoredConfiguration } from '../log-storage.ts'

/** The rough cost of a header object and its place in two arrays, beside the batch. */
const ENTRY_OVERHEAD_BYTES = 128

/** The tail that holds a chunk. */
export interface ChunkOwner {
  /** Drops the chunk if it is the oldest. */
  evict(chunk: TailChunk): void
}

/** The entries of one write, kept together until a segment has them. */
export class TailChunk {
  readonly first: LogIndex
  headers: readonly EntryHeader[]
  payloads: readonly Uint8Array[]
  /** Of the batches. */
  readonly bytes: number
  readonly memoryBytes: number
  readonly owner: ChunkOwner
  /** By this broker's clock. */
  readonly appendedAt: Timestamp
  /** The terms that begin within it. */
  readonly terms: readonly TermStart[]
  readonly configurations: readonly StoredConfiguration[]
  /**
   * How many entries from the start the log still holds; a truncation lowers it, the segment gets all of them
   * nevertheless.
   */
  live: number
  /** Base index of the segment that holds the chunk and its position there; -1 until it has been written. */
  segmentBase: LogIndex = -1
  position = -1
  /** Written and synced ahead of its round, so that the journal needs only a reference. */
  direct = false
  /** No reader and no segment needs it any more; its batches are released, even where it is still listed. */
  released = false

  constructor(
    headers: readonly EntryHeader[],
    payloads: readonly Uint8Array[],
    terms: readonly TermStart[],
    configurations: readonly StoredConfiguration[],
    owner: ChunkOwner,
    appendedAt: Timestamp,
  ) {
    let bytes = 0
    for (const payload of payloads) bytes += payload.length
    this.first = headers[0]!.index
    this.headers = headers
    this.payloads = payloads
    this.bytes = bytes
    this.memoryBytes = bytes + headers.length * ENTRY_OVERHEAD_BYTES
    this.terms = terms
    this.configurations = configurations
    this.owner = owner
    this.appendedAt = appendedAt
    this.live = headers.length
  }

  /** The last entry that has been written, live or not. */
  get last(): LogIndex {
    return this.first + this.headers.length - 1
  }

  get endOffset(): Offset {
    return this.headers[this.headers.length - 1]!.lastOffset + 1
  }

  release(): void {
    this.released = true
    this.headers = []
    this.payloads = []
  }
}

/** Takes the place of a removed chunk. */
export const noChunk = new TailChunk(
  [{ index: 0, term: 0, kind: EntryKind.TermStart, baseOffset: 0, lastOffset: -1, bytes: 0 }],
  [],
  [],
  [],
  {
    evict() {},
  },
  0,
)
