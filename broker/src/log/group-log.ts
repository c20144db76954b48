import type { EntryHeader, GroupId, HardState, LogIndex, Offset, Term, TermStart, Timestamp } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { Chunk } from './chunk.ts'
import { CorruptRanges } from './corrupt-ranges.ts'
import { folderName } from './group-folder.ts'
import { journalFailed } from './journal/failure.ts'
import { copyLog } from './log-copy.ts'
import { type LogState, newConfigurations, newTerms } from './log-state.ts'
import { PendingWrites } from './pending-writes.ts'
import type { SegmentEnv } from './segment/env.ts'
import { findTime, readEntries, readRecords, type SegmentView, verifyEntries } from './segment/reader.ts'
import type { Segment } from './segment/segment.ts'
import { type SegmentOp, SegmentSet } from './segment/segment-set.ts'
import { Tail } from './tail.ts'
import type { TailPool } from './tail-pool.ts'
import type {
  CorruptRange,
  Damage,
  EntryRun,
  GroupLog,
  LogCopy,
  LogWrite,
  RecordRun,
  ScrubStep,
  SegmentStart,
  StoredConfiguration,
} from './types.ts'

const RESTORED_CHUNK_BYTES = 64 * 1024

/** What a group's log asks of the storage it belongs to. */
export interface GroupLogHost {
  readonly env: SegmentEnv
  readonly pool: TailPool
  readonly groupsFolder: string
  /** The group has something for the next round. @throws TailraceError SHUTTING_DOWN */
  onWrite(log: StoredGroupLog): void
  /** Resolves when rounds have taken what `staged` asks for and are durable; with false if nothing will be durable any more. */
  whenDurable(staged: () => boolean): Promise<boolean>
}

/** One group's log: its state now, its newest entries in memory, its segments, and what still waits for a round. */
export class StoredGroupLog implements GroupLog {
  readonly group: GroupId
  readonly state: LogState
  readonly tail = new Tail()
  readonly segments: SegmentSet
  readonly pending: PendingWrites
  damage: Damage | null = null
  removed = false
  readonly #host: GroupLogHost
  /** Truncations that have not reached the segments yet, oldest first. */
  readonly #cuts: LogIndex[] = []
  /** The last cut of the log's prefix, and so all before it. */
  #cutting: Promise<void> = Promise.resolve()
  readonly #corrupt = new CorruptRanges()
  /** Where the next scrub goes on. */
  #scrubbed: LogIndex = 0
  /** The log that has taken this one's place. */
  #successor: StoredGroupLog | null = null
  /** Rises when something that could be read cannot any more. */
  #generation = 0

  constructor(host: GroupLogHost, group: GroupId, incarnation: number, state: LogState) {
    this.group = group
    this.state = state
    this.#host = host
    this.segments = new SegmentSet(host.env, host.groupsFolder, folderName(group, incarnation), (op) =>
      this.#onWritten(op),
    )
    this.pending = new PendingWrites(group, incarnation, state.clone(), this.segments)
  }

  get essential(): boolean {
    return this.segments.essential
  }
  set essential(essential: boolean) {
    this.segments.essential = essential
  }
  get firstIndex(): LogIndex {
    return this.state.prevIndex + 1
  }
  get lastIndex(): LogIndex {
    return this.state.lastIndex
  }
  get startOffset(): Offset {
    return this.state.startOffset
  }
  get endOffset(): Offset {
    return this.state.endOffset
  }
  get hardState(): HardState {
    return this.state.hardState
  }
  get terms(): readonly TermStart[] {
    return this.state.terms
  }
  get prevIndex(): LogIndex {
    return this.state.prevIndex
  }
  get prevTerm(): Term {
    return this.state.prevTerm
  }
  get configurations(): readonly StoredConfiguration[] {
    return this.state.configurations
  }
  get sizeBytes(): number {
    return this.segments.bytes + this.segments.queuedBytes + this.pending.bytes
  }

  write(write: LogWrite): void {
    if (this.#successor !== null) {
      this.#successor.promise(write.hardState)
      return
    }
    this.#host.onWrite(this)
    if (write.hardState !== null) this.state.hardState = write.hardState
    const cut = this.#cut(write)
    const chunk = write.entries.length === 0 ? null : this.#append(write.entries, write.payloads)
    this.pending.push({ hardState: write.hardState, cut, chunk, prefix: null, ticket: write.ticket })
  }

  segmentStarts(): readonly SegmentStart[] {
    return this.segments.starts(this.prevIndex)
  }

  async seal(): Promise<void> {
    // On a full disk what is sealed already must do: the cut that the caller has in mind makes room.
    if (!(await this.segments.tryFlush(this.segments.allowed))) return
    await this.#host.env.space.attempt(() => this.segments.seal())
  }

  copy(upTo = Number.POSITIVE_INFINITY): LogCopy {
    const { segments, readable } = this.#view()
    const tail = this.#cuts.length === 0 ? this.tail : null
    const { group, state } = this
    const { files } = this.#host.env
    return copyLog({ group, files, state, segments, readable, tail, removed: () => this.removed }, upTo)
  }

  async cutPrefix(before: LogIndex): Promise<void> {
    // A large write stands in its segment before the journal refers to it: then it is still needed.
    const limit = Math.min(before, ...this.#cuts, this.pending.staged.lastIndex + 1)
    const found = this.removed ? null : this.segments.prefixBelow(limit)
    // An earlier cut may have gone as far, and not be durable yet.
    if (found === null || found.prevIndex <= this.prevIndex) return this.#cutting
    this.#host.onWrite(this)
    const { prevIndex, startOffset } = found
    const prefix = { prevIndex, startOffset, prevTerm: this.state.termAt(prevIndex) }
    this.state.trim(prefix)
    this.#corrupt.trim(prevIndex)
    for (const chunk of this.tail.take(prevIndex)) this.#host.pool.release(chunk)
    this.#generation++
    this.pending.push({ hardState: null, cut: null, chunk: null, prefix, ticket: -1 })
    this.#cutting = this.#removePrefix(prevIndex)
    return this.#cutting
  }

  async #removePrefix(prevIndex: LogIndex): Promise<void> {
    const staged = () => this.pending.staged.prevIndex >= prevIndex || this.removed
    const durable = await this.#host.whenDurable(staged)
    if (!durable) throw journalFailed()
    if (!this.removed) await this.segments.removePrefix(prevIndex)
  }

  lose(fromIndex: LogIndex, endOffset: Offset, reason: string): void {
    this.#host.onWrite(this)
    const cut = this.#cutAt(fromIndex, endOffset)
    if (this.damage === null || fromIndex < this.damage.fromIndex) this.damage = { fromIndex, reason }
    this.pending.push({ hardState: null, cut, chunk: null, prefix: null, damage: this.damage, ticket: -1 })
  }

  repaired(): void {
    if (this.damage === null) return
    this.#host.onWrite(this)
    this.damage = null
    this.pending.repaired()
  }

  readEntries(from: LogIndex, maxBytes: number): EntryRun | Promise<EntryRun> {
    if (from < this.firstIndex || from > this.lastIndex || this.removed) return { headers: [], payloads: [] }
    if (this.#inTail(from)) return this.tail.readEntries(from, maxBytes)
    return this.#readEntries(from, maxBytes)
  }

  readRecords(offset: Offset, limit: Offset, maxBytes: number): RecordRun | Promise<RecordRun> {
    const first = this.tail.first
    if (offset >= this.endOffset || this.removed) return { batches: [], bytes: 0, nextOffset: offset }
    if (first !== undefined && (offset >= first.baseOffset || first.index === this.firstIndex)) {
      return this.tail.readRecords(offset, limit, maxBytes)
    }
    return this.#readRecords(offset, limit, maxBytes)
  }

  async offsetForTime(timestamp: Timestamp, limit: Offset): Promise<Offset | null> {
    for (;;) {
      const generation = this.#generation
      const view = this.#view()
      const found = await this.#unlessChanged(generation, view, findTime(view, timestamp, limit))
      if (this.removed) return null
      if (found === changed) continue
      if (found !== null || view.readable >= this.lastIndex) return found
      if (this.#tailFollows(view)) return this.tail.offsetForTime(timestamp, view.readable, limit)
    }
  }

  corruptRanges(): readonly CorruptRange[] {
    return this.#corrupt.list
  }

  async scrub(maxBytes: number): Promise<ScrubStep> {
    const generation = this.#generation
    const view = this.#view()
    const from = Math.max(this.#scrubbed, this.firstIndex)
    const wanted = (segment: Segment) =>
      segment.sealed && segment.lastIndex >= from && segment.lastIndex <= view.readable
    const segment = this.removed ? undefined : view.segments.find(wanted)
    if (segment === undefined) {
      this.#scrubbed = 0
      return { bytes: 0, ended: true }
    }
    const step = verifyEntries(view, segment, Math.max(from, segment.baseIndex), maxBytes)
    const result = await this.#unlessChanged(generation, view, step)
    if (result === changed) return { bytes: 0, ended: this.removed }
    this.#scrubbed = result.next
    return { bytes: result.bytes, ended: false }
  }

  async replaceCorrupt(first: LogIndex, last: LogIndex, payloads: readonly Uint8Array[]): Promise<void> {
    if (this.#corrupt.covering(first, last) === null || payloads.length !== last - first + 1 || this.removed) {
      throw new RangeError(`group ${this.group}: ${first} to ${last} are not entries to be replaced`)
    }
    const generation = this.#generation
    await this.segments.repair(first, payloads, this.state)
    if (generation === this.#generation) this.#corrupt.repaired(first, last)
  }

  async splitBefore(first: LogIndex, payloads: readonly Uint8Array[]): Promise<void> {
    await this.segments.split(first, payloads, this.state)
    this.#corrupt.replaced(first, first + payloads.length - 1)
    this.#generation++
  }

  /** Takes entries that recovery has found in the journal, and which no segment has yet; in pieces, so that memory and segments take them in pieces. */
  restore(headers: readonly EntryHeader[], payloads: readonly Uint8Array[]): void {
    const now = this.#host.env.now()
    for (let from = 0; from < headers.length; ) {
      let to = from
      for (let bytes = 0; to < headers.length && (to === from || bytes < RESTORED_CHUNK_BYTES); to++)
        bytes += headers[to]!.bytes
      const chunk = new Chunk(headers.slice(from, to), payloads.slice(from, to), [], [], this.tail, now)
      this.tail.push(chunk)
      this.#host.pool.add(chunk)
      this.segments.push(chunk)
      from = to
    }
    this.segments.allowed = this.segments.queued
  }

  /** Drops what waits for a round, and makes readers find nothing. */
  forget(): void {
    this.removed = true
    this.#generation++
    for (const chunk of this.pending.drop()) this.#host.pool.discard(chunk)
  }

  /** As `forget`; but what is still promised with it, the new one keeps. */
  replacedBy(log: StoredGroupLog): void {
    this.forget()
    this.#successor = log
  }

  /** Keeps a term or vote that was given to the log before this one. Nobody is told: entries of that log that nobody was told of are gone. */
  promise(hardState: HardState | null): void {
    if (hardState === null) return
    this.#host.onWrite(this)
    this.state.hardState = hardState
    this.pending.push({ hardState, cut: null, chunk: null, prefix: null, ticket: -1 })
  }

  #append(headers: readonly EntryHeader[], payloads: readonly Uint8Array[]): Chunk {
    const first = headers[0]!
    if (
      first.index !== this.lastIndex + 1 ||
      first.baseOffset !== this.endOffset ||
      headers.length !== payloads.length
    ) {
      throw new RangeError(
        `group ${this.group}: entry ${first.index} at offset ${first.baseOffset} does not follow ${this.lastIndex} and ${this.endOffset}`,
      )
    }
    const terms = newTerms(this.state.startedTerm, headers)
    const configurations = newConfigurations(headers, payloads)
    const chunk = new Chunk(headers.slice(), payloads.slice(), terms, configurations, this.tail, this.#host.env.now())
    this.state.extend(chunk.last, chunk.endOffset, terms, configurations)
    this.tail.push(chunk)
    this.#host.pool.add(chunk)
    return chunk
  }

  #cut(write: LogWrite): { from: LogIndex; endOffset: Offset } | null {
    const from = write.truncateFrom
    if (from === null || from > this.lastIndex) return null
    if (from < this.firstIndex)
      throw new RangeError(`group ${this.group}: entry ${from} is not held, so it cannot be truncated`)
    return this.#cutAt(from, write.entries[0]?.baseOffset ?? this.#offsetOf(from))
  }

  #cutAt(from: LogIndex, endOffset: Offset): { from: LogIndex; endOffset: Offset } | null {
    if (from > this.lastIndex) return null
    this.state.cut(from, endOffset)
    this.#corrupt.cut(from)
    this.tail.cut(from)
    this.#cuts.push(from)
    this.#generation++
    return { from, endOffset }
  }

  #offsetOf(index: LogIndex): Offset {
    const header = this.tail.header(index)
    if (header !== undefined) return header.baseOffset
    const start = this.terms.find((candidate) => candidate.index === index)
    if (start !== undefined) return start.offset
    throw new RangeError(
      `group ${this.group}: truncating entry ${index}, which memory does not hold, takes entries in its place`,
    )
  }

  #onWritten(op: SegmentOp): void {
    if (!('bytes' in op)) this.#cuts.shift()
    else this.#host.pool.unpin(op)
  }

  #inTail(index: LogIndex): boolean {
    const first = this.tail.first
    return first !== undefined && index >= first.index
  }

  /** Segments may show entries that a truncation on its way to them has discarded. */
  #view(): SegmentView {
    const readable = Math.min(this.segments.flushedTo, this.lastIndex, ...this.#cuts.map((from) => from - 1))
    // They stay until the journal says that they are cut off.
    const segments = this.segments.list.filter((segment) => segment.lastIndex > this.prevIndex)
    return { env: this.#host.env, segments, readable, state: this.state, found: null }
  }

  async #readEntries(from: LogIndex, maxBytes: number): Promise<EntryRun> {
    for (;;) {
      const generation = this.#generation
      const view = this.#view()
      const run = await this.#unlessChanged(generation, view, readEntries(view, from, maxBytes))
      if (run !== changed) return run
      if (this.removed || from > this.lastIndex || from < this.firstIndex) return { headers: [], payloads: [] }
      if (this.#inTail(from)) return this.tail.readEntries(from, maxBytes)
    }
  }

  async #readRecords(offset: Offset, limit: Offset, maxBytes: number): Promise<RecordRun> {
    for (;;) {
      const generation = this.#generation
      const view = this.#view()
      const run = await this.#unlessChanged(generation, view, readRecords(view, offset, limit, maxBytes))
      if (this.removed || offset >= this.endOffset) return { batches: [], bytes: 0, nextOffset: offset }
      if (run !== changed && (run.bytes > 0 || view.readable >= this.lastIndex)) return run
      if (run !== changed && this.#tailFollows(view)) return this.tail.readRecords(offset, limit, maxBytes)
      if (offset >= (this.tail.first?.baseOffset ?? Number.POSITIVE_INFINITY)) {
        return this.tail.readRecords(offset, limit, maxBytes)
      }
    }
  }

  /** Nothing has left the tail for the segments since the view was taken that the view does not have. */
  #tailFollows(view: SegmentView): boolean {
    const first = this.tail.first
    return first !== undefined && first.index <= view.readable + 1
  }

  /** What a read has found, unless a truncation or removal came in between: then it may have seen what is no longer there, or stumbled over it. */
  async #unlessChanged<Result>(
    generation: number,
    view: SegmentView,
    read: Promise<Result>,
  ): Promise<Result | typeof changed> {
    try {
      const result = await read
      if (generation !== this.#generation) return changed
      if (view.found !== null) this.#corrupt.add(view.found)
      return result
    } catch (error) {
      if (generation === this.#generation && view.found !== null) this.#corrupt.add(view.found)
      if (generation !== this.#generation) return changed
      if (error instanceof TailraceError && error.code === 'INVALID_BATCH') {
        throw new TailraceError('STORAGE_CORRUPT', `Group ${this.group}: ${error.message}`, { cause: error })
      }
      throw error
    }
  }
}

const changed = Symbol('changed')
