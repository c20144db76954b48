import type { EntryHeader, LogIndex, Offset, Timestamp } from '@tailrace/schemas'
import { EntryKind, maxTimestampAt } from '@tailrace/schemas'
import type { EntryRun, RecordRun } from '../log-storage.ts'
import { type ChunkOwner, noChunk, type TailChunk } from './tail-chunk.ts'

/** The newest entries of one group, in memory: a dense run of chunks that ends at the log's end. */
export class Tail implements ChunkOwner {
  #chunks: TailChunk[] = []
  #head = 0

  get empty(): boolean {
    return this.#head === this.#chunks.length
  }

  /** Undefined when empty. */
  get first(): EntryHeader | undefined {
    return this.empty ? undefined : this.#chunks[this.#head]!.headers[0]!
  }

  push(chunk: TailChunk): void {
    this.#chunks.push(chunk)
  }

  /** Discards `from` and all after it. */
  cut(from: LogIndex): void {
    while (!this.empty) {
      const chunk = this.#chunks[this.#chunks.length - 1]!
      if (chunk.first < from) {
        chunk.live = Math.min(chunk.live, from - chunk.first)
        return
      }
      chunk.live = 0
      this.#chunks.pop()
    }
  }

  /** Drops the chunk if it is the oldest; chunks that a cut has removed are gone already. */
  evict(chunk: TailChunk): void {
    if (this.empty || this.#chunks[this.#head] !== chunk) return
    // The place is kept until the next cleaning, the batches must not be.
    this.#chunks[this.#head++] = noChunk
    if (this.#head > 64 && this.#head * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#head)
      this.#head = 0
    }
  }

  /** Takes the chunks that end at or before `last` out, oldest first. */
  *take(last: LogIndex): Iterable<TailChunk> {
    while (!this.empty && this.#chunks[this.#head]!.last <= last) {
      const chunk = this.#chunks[this.#head]!
      this.evict(chunk)
      yield chunk
    }
  }

  header(index: LogIndex): EntryHeader | undefined {
    if (this.empty || index < this.first!.index) return undefined
    const chunk = this.#chunks[this.#chunkOf(index)]
    return chunk === undefined || index - chunk.first >= chunk.live ? undefined : chunk.headers[index - chunk.first]
  }

  /** The caller has made sure that `from` is held. */
  readEntries(from: LogIndex, maxBytes: number): EntryRun {
    const headers: EntryHeader[] = []
    const payloads: Uint8Array[] = []
    let bytes = 0
    let at = this.#chunkOf(from)
    let within = from - this.#chunks[at]!.first
    for (; at < this.#chunks.length; at++, within = 0) {
      const chunk = this.#chunks[at]!
      for (; within < chunk.live; within++) {
        const header = chunk.headers[within]!
        bytes += header.bytes
        if (bytes > maxBytes && headers.length > 0) return { headers, payloads }
        headers.push(header)
        payloads.push(chunk.payloads[within]!)
      }
    }
    return { headers, payloads }
  }

  /** The caller has made sure that the batch of `offset`, if there is one, is held. */
  readRecords(offset: Offset, limit: Offset, maxBytes: number): RecordRun {
    const batches: Uint8Array[] = []
    let bytes = 0
    let nextOffset = offset
    for (let at = this.#chunkOfOffset(offset); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at]!
      for (let within = 0; within < chunk.live; within++) {
        const header = chunk.headers[within]!
        if (header.lastOffset < offset || header.kind !== EntryKind.Records) continue
        const full = batches.length > 0 && bytes + header.bytes > maxBytes
        if (full || header.lastOffset >= limit) return { batches, bytes, nextOffset }
        batches.push(chunk.payloads[within]!)
        bytes += header.bytes
        nextOffset = header.lastOffset + 1
      }
    }
    return { batches, bytes, nextOffset }
  }

  /**
   * Base offset of the first batch after index `after` that ends at `from` or after it and has a record as young as
   * `timestamp`, below `limit`; or null.
   */
  offsetForTime(timestamp: Timestamp, after: LogIndex, limit: Offset, from: Offset): Offset | null {
    for (let at = this.#head; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at]!
      for (let within = 0; within < chunk.live; within++) {
        const header = chunk.headers[within]!
        if (header.index <= after || header.kind !== EntryKind.Records || header.lastOffset < from) continue
        if (header.baseOffset >= limit) return null
        if (maxTimestampAt(chunk.payloads[within]!, 0) >= timestamp) return header.baseOffset
      }
    }
    return null
  }

  /** Position of the last chunk that begins at or before `index`. */
  #chunkOf(index: LogIndex): number {
    let low = this.#head
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#chunks[middle]!.first <= index) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Position of the first chunk that ends at or after `offset`. */
  #chunkOfOffset(offset: Offset): number {
    let low = this.#head
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const chunk = this.#chunks[middle]!
      if (chunk.headers[chunk.live - 1]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
