import type { GroupId, LogIndex, Offset, Timestamp } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { LogEntries } from './log-entries.ts'
import type { LogState } from './log-state.ts'
import type { CorruptionFinder, CorruptRange, EntryRun, RecordRun, ScrubStep } from './log-storage.ts'
import { findTime, readEntries, readRecords, type SegmentView, verifyEntries } from './segment/reader.ts'
import type { Segment } from './segment/segment.ts'
import type { SegmentContext } from './segment/segment-context.ts'
import type { SegmentSet } from './segment/segment-set.ts'
import type { Tail } from './tail/tail.ts'

/** The parts of a log that reads need. */
export interface ReadableLog {
  readonly group: GroupId
  readonly state: LogState
  readonly tail: Tail
  readonly segments: SegmentSet
  readonly removed: boolean
  readonly prevIndex: LogIndex
  readonly firstIndex: LogIndex
  readonly lastIndex: LogIndex
  readonly endOffset: Offset
}

/** Of so many reads from memory, one is measured. */
const SAMPLE = 16

const changed = Symbol('changed')

/** Reads of one log, from its tail in memory and from its segments, while truncations, cuts and removals go on. */
export class LogReads {
  readonly #log: ReadableLog
  readonly #env: SegmentContext
  /** `corrupt` gets the rotten entries that reads find. */
  readonly #entries: Pick<LogEntries, 'cuts' | 'corrupt' | 'generation'>
  /** From memory, so far. */
  #reads = 0
  /** Where the next scrub continues. */
  #scrubbed: LogIndex = 0

  constructor(log: ReadableLog, env: SegmentContext, entries: Pick<LogEntries, 'cuts' | 'corrupt' | 'generation'>) {
    this.#log = log
    this.#env = env
    this.#entries = entries
  }

  entries(from: LogIndex, maxBytes: number): EntryRun | Promise<EntryRun> {
    if (from < this.#log.firstIndex || from > this.#log.lastIndex || this.#log.removed)
      return { headers: [], payloads: [] }
    if (this.#inTail(from)) return this.#log.tail.readEntries(from, maxBytes)
    return this.#fromSegments(from, maxBytes)
  }

  records(offset: Offset, limit: Offset, maxBytes: number): RecordRun | Promise<RecordRun> {
    const first = this.#log.tail.first
    if (offset >= this.#log.endOffset || this.#log.removed) return { batches: [], bytes: 0, nextOffset: offset }
    if (first !== undefined && (offset >= first.baseOffset || first.index === this.#log.firstIndex)) {
      return this.#recordsFromTail(offset, limit, maxBytes)
    }
    return this.#recordsFromSegments(offset, limit, maxBytes)
  }

  async offsetForTime(timestamp: Timestamp, limit: Offset, from: Offset): Promise<Offset | null> {
    for (;;) {
      const generation = this.#entries.generation
      const view = this.view()
      const found = await this.#unlessChanged(generation, view, findTime(view, timestamp, limit, from))
      if (this.#log.removed) return null
      if (found === changed) continue
      if (found !== null || view.readable >= this.#log.lastIndex) return found
      if (this.#tailFollows(view)) return this.#log.tail.offsetForTime(timestamp, view.readable, limit, from)
    }
  }

  async scrub(maxBytes: number): Promise<ScrubStep> {
    const generation = this.#entries.generation
    const view = this.view()
    const from = Math.max(this.#scrubbed, this.#log.firstIndex)
    const wanted = (segment: Segment) =>
      segment.sealed && segment.lastIndex >= from && segment.lastIndex <= view.readable
    const segment = this.#log.removed ? undefined : view.segments.find(wanted)
    if (segment === undefined) {
      this.#scrubbed = 0
      return { bytes: 0, ended: true }
    }
    const step = verifyEntries(view, segment, Math.max(from, segment.baseIndex), maxBytes)
    const result = await this.#unlessChanged(generation, view, step, 'scrub')
    if (result === changed) return { bytes: 0, ended: this.#log.removed }
    this.#scrubbed = result.next
    return { bytes: result.bytes, ended: false }
  }

  #inTail(index: LogIndex): boolean {
    const first = this.#log.tail.first
    return first !== undefined && index >= first.index
  }

  /** Segments may still hold entries that a truncation has discarded: it has not reached them yet. */
  view(): SegmentView {
    const readable = Math.min(
      this.#log.segments.flushedTo,
      this.#log.lastIndex,
      ...this.#entries.cuts.map((from) => from - 1),
    )
    // They stay until the journal says that they are cut off.
    const segments = this.#log.segments.list.filter((segment) => segment.lastIndex > this.#log.prevIndex)
    const { generation } = this.#entries
    return { env: this.#env, segments, readable, state: this.#log.state, generation, found: null }
  }

  async #fromSegments(from: LogIndex, maxBytes: number): Promise<EntryRun> {
    for (;;) {
      const generation = this.#entries.generation
      const view = this.view()
      const run = await this.#unlessChanged(generation, view, readEntries(view, from, maxBytes))
      if (run !== changed) return run
      if (this.#log.removed || from > this.#log.lastIndex || from < this.#log.firstIndex)
        return { headers: [], payloads: [] }
      if (this.#inTail(from)) return this.#log.tail.readEntries(from, maxBytes)
    }
  }

  #recordsFromTail(offset: Offset, limit: Offset, maxBytes: number): RecordRun {
    const { metrics } = this.#env
    if (metrics.readSeconds === null || this.#reads++ % SAMPLE !== 0)
      return this.#log.tail.readRecords(offset, limit, maxBytes)
    const began = this.#env.monotonic()
    const run = this.#log.tail.readRecords(offset, limit, maxBytes)
    metrics.readSeconds.tail((this.#env.monotonic() - began) / 1000)
    return run
  }

  async #recordsFromSegments(offset: Offset, limit: Offset, maxBytes: number): Promise<RecordRun> {
    const began = this.#env.monotonic()
    try {
      for (;;) {
        const generation = this.#entries.generation
        const view = this.view()
        const run = await this.#unlessChanged(generation, view, readRecords(view, offset, limit, maxBytes))
        if (this.#log.removed || offset >= this.#log.endOffset) return { batches: [], bytes: 0, nextOffset: offset }
        if (run !== changed && (run.bytes > 0 || view.readable >= this.#log.lastIndex)) return run
        if (run !== changed && this.#tailFollows(view)) return this.#log.tail.readRecords(offset, limit, maxBytes)
        if (offset >= (this.#log.tail.first?.baseOffset ?? Number.POSITIVE_INFINITY)) {
          return this.#log.tail.readRecords(offset, limit, maxBytes)
        }
      }
    } finally {
      this.#env.metrics.readSeconds?.disk((this.#env.monotonic() - began) / 1000)
    }
  }

  /** The view has all entries that have moved from the tail to the segments since. */
  #tailFollows(view: SegmentView): boolean {
    const first = this.#log.tail.first
    return first !== undefined && first.index <= view.readable + 1
  }

  /**
   * The result of a read, unless a truncation or removal came in between: then the read may have seen discarded
   * entries, or failed because of them.
   */
  async #unlessChanged<Result>(
    generation: number,
    view: SegmentView,
    read: Promise<Result>,
    finder: CorruptionFinder = 'read',
  ): Promise<Result | typeof changed> {
    try {
      const result = await read
      if (generation !== this.#entries.generation) return changed
      if (view.found !== null) this.#found(view.found, finder)
      return result
    } catch (error) {
      if (generation === this.#entries.generation && view.found !== null) this.#found(view.found, finder)
      if (generation !== this.#entries.generation) return changed
      if (error instanceof TailraceError && error.code === 'INVALID_BATCH') {
        throw new TailraceError('STORAGE_CORRUPT', `Group ${this.#log.group}: ${error.message}`, { cause: error })
      }
      throw error
    }
  }

  #found(range: CorruptRange, finder: CorruptionFinder): void {
    if (this.#entries.corrupt.add(range)) this.#env.metrics.corruptPlaces[finder] += 1
  }
}
