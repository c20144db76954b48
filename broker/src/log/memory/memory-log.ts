import type { EntryHeader, GroupId, LogIndex, Offset, TermStart, Timestamp } from '@tailrace/schemas'
import { maxTimestampAt, TailraceError } from '@tailrace/schemas'
import type { CommittedLog } from '../committed-logs.ts'
import { LogState } from '../log-state.ts'
import type { LogDescription, LogWrite, RecordRun, SegmentStart } from '../log-storage.ts'

/** The rough cost of a batch beside its bytes: its header, a view of its bytes, its places in two arrays. */
const BATCH_OVERHEAD_BYTES = 256
/** A piece with so many bytes is closed. What goes first is a whole piece: about as much as one read brings. */
const PIECE_BYTES = 64 * 1024

/** From this share of a message on its batches are kept as they came. */
const WHOLE_SHARE = 15 / 16

/** Consecutive batches, which go together. */
interface Piece {
  readonly headers: EntryHeader[]
  readonly payloads: Uint8Array[]
  bytes: number
  memoryBytes: number
  appendedAt: Timestamp
}

export interface MemoryLogHost {
  now(): Timestamp
  /** The log holds so many bytes more, or fewer. */
  grew(memoryBytes: number): void
  /** Drops what is beyond the bound, of any log. */
  shrink(): void
  /** @throws TailraceError SHUTTING_DOWN */
  written(log: MemoryLog, ticket: number): void
}

/** One log of committed records in memory, in pieces, the oldest of which can be dropped. */
export class MemoryLog implements CommittedLog {
  readonly group: GroupId
  readonly damage = null
  readonly #host: MemoryLogHost
  readonly #state = new LogState()
  #pieces: Piece[] = []
  /** The next write begins another piece. */
  #isSealed = true
  #bytes = 0
  #memoryBytes = 0
  #isOver = false

  /** `start`: of a log that begins there; null: at 0. */
  constructor(group: GroupId, host: MemoryLogHost, start: LogDescription | null) {
    this.group = group
    this.#host = host
    if (start === null) return
    const { prevIndex, prevTerm, startOffset, lastIndex, endOffset } = start
    if (lastIndex !== prevIndex || endOffset !== startOffset) throw new RangeError('a log in memory begins empty')
    Object.assign(this.#state, { prevIndex, prevTerm, startOffset, lastIndex, endOffset })
  }

  get lastIndex(): LogIndex {
    return this.#state.lastIndex
  }
  get startOffset(): Offset {
    return this.#state.startOffset
  }
  get endOffset(): Offset {
    return this.#state.endOffset
  }
  get prevTerm(): number {
    return this.#state.prevTerm
  }
  get terms(): readonly TermStart[] {
    return this.#state.terms
  }
  get sizeBytes(): number {
    return this.#bytes
  }
  /** With what its batches cost beside their bytes. */
  get memoryBytes(): number {
    return this.#memoryBytes
  }
  get pieces(): number {
    return this.#pieces.length
  }

  repaired(): void {}

  write({ hardState, truncateFrom, entries, payloads, ticket }: LogWrite): void {
    if (this.#isOver) throw new TailraceError('UNKNOWN_PARTITION', 'The log has been removed.')
    if (hardState !== null || truncateFrom !== null) throw new RangeError('a log in memory is only appended to')
    const first = entries[0]
    if (first !== undefined && (first.index !== this.lastIndex + 1 || first.baseOffset !== this.endOffset))
      throw new RangeError(`entry ${first.index} at ${first.baseOffset} does not follow ${this.lastIndex}`)
    this.#host.written(this, ticket)
    if (first === undefined) return
    this.#append(entries, owned(payloads))
    this.#state.append(entries, payloads)
    this.#host.shrink()
  }

  readRecords(offset: Offset, limit: Offset, maxBytes: number): RecordRun {
    const batches: Uint8Array[] = []
    let bytes = 0
    let nextOffset = offset
    for (let at = this.#pieceOf(offset); at < this.#pieces.length; at++) {
      const { headers, payloads } = this.#pieces[at]!
      for (const [within, header] of headers.entries()) {
        if (header.lastOffset < offset) continue
        const isFull = batches.length > 0 && bytes + header.bytes > maxBytes
        if (isFull || header.lastOffset >= limit) return { batches, bytes, nextOffset }
        batches.push(payloads[within]!)
        bytes += header.bytes
        nextOffset = header.lastOffset + 1
      }
    }
    return { batches, bytes, nextOffset }
  }

  async offsetForTime(timestamp: Timestamp, limit: Offset, from: Offset = 0): Promise<Offset | null> {
    for (const { headers, payloads } of this.#pieces) {
      for (const [within, { baseOffset, lastOffset }] of headers.entries()) {
        if (baseOffset >= limit) return null
        if (lastOffset < from) continue
        if (maxTimestampAt(payloads[within]!, 0) >= timestamp) return baseOffset
      }
    }
    return null
  }

  segmentStarts(): readonly SegmentStart[] {
    const last = this.#pieces.length - 1
    return this.#pieces.map(({ headers, bytes, appendedAt }, at) => {
      const [first, end] = [headers[0]!, headers[headers.length - 1]!]
      const range = { first: first.index, last: end.index, baseOffset: first.baseOffset, endOffset: end.lastOffset + 1 }
      return { ...range, bytes, appendedAt, sealed: at < last || this.#isSealed }
    })
  }

  /** Its pieces are smaller than any segment. */
  limitSegments(): void {}

  async seal(): Promise<void> {
    this.#isSealed = true
  }

  async cutPrefix(before: LogIndex): Promise<void> {
    const last = this.#pieces.length - 1
    const isBelow = ({ headers }: Piece, at: number): boolean =>
      headers[headers.length - 1]!.index < before && (at < last || this.#isSealed)
    let count = 0
    while (count <= last && isBelow(this.#pieces[count]!, count)) count++
    this.#drop(count)
  }

  /** Drops the oldest pieces, the growing one as well, until it holds at most `memoryBytes`. */
  shrinkTo(memoryBytes: number): void {
    let [count, left] = [0, this.#memoryBytes]
    while (left > memoryBytes) left -= this.#pieces[count++]!.memoryBytes
    this.#drop(count)
  }

  /** From now on it answers nothing, and takes nothing. */
  end(): void {
    this.#drop(this.#pieces.length)
    this.#isOver = true
  }

  #append(entries: readonly EntryHeader[], payloads: readonly Uint8Array[]): void {
    for (const [at, header] of entries.entries()) {
      let piece = this.#pieces[this.#pieces.length - 1]
      if (piece === undefined || this.#isSealed || piece.bytes + header.bytes > PIECE_BYTES) {
        piece = { headers: [], payloads: [], bytes: 0, memoryBytes: 0, appendedAt: 0 }
        this.#pieces.push(piece)
        this.#isSealed = false
      }
      piece.headers.push(header)
      piece.payloads.push(payloads[at]!)
      piece.bytes += header.bytes
      piece.memoryBytes += header.bytes + BATCH_OVERHEAD_BYTES
      piece.appendedAt = this.#host.now()
      this.#grow(header.bytes, header.bytes + BATCH_OVERHEAD_BYTES)
    }
  }

  #drop(count: number): void {
    if (count === 0) return
    const dropped = this.#pieces.splice(0, count)
    const { headers } = dropped[count - 1]!
    const { index, term, lastOffset } = headers[headers.length - 1]!
    this.#state.trim({ prevIndex: index, prevTerm: term, startOffset: lastOffset + 1 })
    if (this.#pieces.length === 0) this.#isSealed = true
    const sum = (of: (piece: Piece) => number): number => dropped.reduce((total, piece) => total + of(piece), 0)
    this.#grow(-sum(({ bytes }) => bytes), -sum(({ memoryBytes }) => memoryBytes))
  }

  #grow(bytes: number, memoryBytes: number): void {
    this.#bytes += bytes
    this.#memoryBytes += memoryBytes
    this.#host.grew(memoryBytes)
  }

  /** Position of the first piece that ends at or after `offset`. */
  #pieceOf(offset: Offset): number {
    let low = 0
    let high = this.#pieces.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { headers } = this.#pieces[middle]!
      if (headers[headers.length - 1]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * Batches that keep no more memory than they need: those that come are parts of a message or of what a socket has
 * brought, all of which they would keep. Where they are nearly all of it, a copy would only be more garbage.
 */
function owned(payloads: readonly Uint8Array[]): readonly Uint8Array[] {
  const size = payloads.reduce((sum, { length }) => sum + length, 0)
  const { buffer } = payloads[0]!
  const isAll = size >= WHOLE_SHARE * buffer.byteLength && payloads.every((payload) => payload.buffer === buffer)
  if (isAll) return payloads
  const bytes = new Uint8Array(size)
  let at = 0
  return payloads.map((payload) => {
    bytes.set(payload, at)
    at += payload.length
    return bytes.subarray(at - payload.length, at)
  })
}
