import type { EntryHeader, GroupId, LogIndex, Offset } from '@tailrace/schemas'
import { type LogStart, type LogState, newConfigurations, newTerms } from './log-state.ts'
import type { LogWrite } from './log-storage.ts'
import { CorruptRanges } from './recovery/corrupt-ranges.ts'
import type { SegmentContext } from './segment/segment-context.ts'
import { Tail } from './tail/tail.ts'
import { TailChunk } from './tail/tail-chunk.ts'

const RESTORED_CHUNK_BYTES = 64 * 1024

export interface EntryCut {
  readonly from: LogIndex
  readonly endOffset: Offset
}

/**
 * The entries that one group's log has now, the newest of them in memory: appends, truncates, and cuts off the start.
 */
export class LogEntries {
  readonly state: LogState
  readonly tail = new Tail()
  readonly corrupt = new CorruptRanges()
  /** Truncations that have not reached the segments yet, oldest first. */
  readonly cuts: LogIndex[] = []
  /** Rises when entries that could be read cannot be read any more. */
  generation = 0
  readonly #group: GroupId
  readonly #env: Pick<SegmentContext, 'pool' | 'now'>

  constructor(group: GroupId, state: LogState, env: Pick<SegmentContext, 'pool' | 'now'>) {
    this.#group = group
    this.state = state
    this.#env = env
  }

  append(headers: readonly EntryHeader[], payloads: readonly Uint8Array[]): TailChunk {
    const { state } = this
    const first = headers[0]!
    if (
      first.index !== state.lastIndex + 1 ||
      first.baseOffset !== state.endOffset ||
      headers.length !== payloads.length
    ) {
      throw new RangeError(
        `group ${this.#group}: entry ${first.index} at offset ${first.baseOffset} does not follow ${state.lastIndex} and ${state.endOffset}`,
      )
    }
    const terms = newTerms(state.startedTerm, headers)
    const configurations = newConfigurations(headers, payloads)
    const { pool } = this.#env
    const chunk = new TailChunk(headers.slice(), payloads.slice(), terms, configurations, this.tail, this.#env.now())
    state.extend(chunk.last, chunk.endOffset, terms, configurations)
    this.tail.push(chunk)
    pool.add(chunk)
    return chunk
  }

  /**
   * Takes entries that recovery has found in the journal, and which no segment has yet; in pieces, so that memory and
   * segments take them in pieces.
   */
  restore(headers: readonly EntryHeader[], payloads: readonly Uint8Array[], onChunk: (chunk: TailChunk) => void): void {
    const now = this.#env.now()
    for (let from = 0; from < headers.length; ) {
      let to = from
      for (let bytes = 0; to < headers.length && (to === from || bytes < RESTORED_CHUNK_BYTES); to++)
        bytes += headers[to]!.bytes
      const chunk = new TailChunk(headers.slice(from, to), payloads.slice(from, to), [], [], this.tail, now)
      this.tail.push(chunk)
      this.#env.pool.add(chunk)
      onChunk(chunk)
      from = to
    }
  }

  /** The truncation of a write; null when there is none. */
  truncate({ truncateFrom: from, entries }: LogWrite): EntryCut | null {
    const { state } = this
    if (from === null || from > state.lastIndex) return null
    if (from <= state.prevIndex)
      throw new RangeError(`group ${this.#group}: entry ${from} is not held, so it cannot be truncated`)
    return this.cutAt(from, entries[0]?.baseOffset ?? this.#offsetOf(from))
  }

  cutAt(from: LogIndex, endOffset: Offset): EntryCut | null {
    if (from > this.state.lastIndex) return null
    this.state.cut(from, endOffset)
    this.corrupt.cut(from)
    this.tail.cut(from)
    this.cuts.push(from)
    this.generation++
    return { from, endOffset }
  }

  /** Cuts off the start. */
  trim(start: LogStart): void {
    this.state.trim(start)
    this.corrupt.trim(start.prevIndex)
    for (const chunk of this.tail.take(start.prevIndex)) this.#env.pool.release(chunk)
    this.generation++
  }

  #offsetOf(index: LogIndex): Offset {
    const header = this.tail.header(index)
    if (header !== undefined) return header.baseOffset
    const start = this.state.terms.find((candidate) => candidate.index === index)
    if (start !== undefined) return start.offset
    throw new RangeError(
      `group ${this.#group}: truncating entry ${index}, which memory does not hold, takes entries in its place`,
    )
  }
}
