import type { EntryHeader, GroupId, HardState, LogIndex, Offset, Term, TermStart, Timestamp } from '@tailrace/schemas'
import { folderName } from './group-folder.ts'
import { journalFailed } from './journal/journal-failed.ts'
import { copyLog } from './log-copy.ts'
import { LogEntries } from './log-entries.ts'
import { LogReads } from './log-reads.ts'
import type { LogState } from './log-state.ts'
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
} from './log-storage.ts'
import { PendingWrites } from './pending-writes.ts'
import type { SegmentContext } from './segment/segment-context.ts'
import { type SegmentOp, SegmentSet } from './segment/segment-set.ts'
import type { Tail } from './tail/tail.ts'
import type { TailPool } from './tail/tail-pool.ts'

/** The services that a group's log needs of its storage. */
export interface GroupLogHost {
  readonly env: SegmentContext
  readonly pool: TailPool
  readonly groupsFolder: string
  /** The group has something for the next round. @throws TailraceError SHUTTING_DOWN */
  onWrite(log: StoredGroupLog): void
  /**
   * Resolves when rounds have taken the parts that `staged` asks for and are durable; with false if nothing will be
   * durable any more.
   */
  whenDurable(staged: () => boolean): Promise<boolean>
}

/** One group's log: its state now, its newest entries in memory, its segments, and its writes that wait for a round. */
export class StoredGroupLog implements GroupLog {
  readonly group: GroupId
  readonly state: LogState
  readonly tail: Tail
  readonly segments: SegmentSet
  readonly pending: PendingWrites
  damage: Damage | null = null
  removed = false
  readonly #host: GroupLogHost
  readonly #entries: LogEntries
  /** The last cut of the log's prefix, and so all before it. */
  #cutting: Promise<void> = Promise.resolve()
  /** The log that has taken this one's place. */
  #successor: StoredGroupLog | null = null
  readonly #reads: LogReads

  constructor(host: GroupLogHost, group: GroupId, incarnation: number, state: LogState) {
    this.group = group
    this.state = state
    this.#host = host
    this.#entries = new LogEntries(group, state, host.env)
    this.tail = this.#entries.tail
    this.segments = new SegmentSet(host.env, host.groupsFolder, folderName(group, incarnation), (op) =>
      this.#onWritten(op),
    )
    this.pending = new PendingWrites(group, incarnation, state.clone(), this.segments)
    this.#reads = new LogReads(this, host.env, this.#entries)
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
    const { bytes, directBytes } = this.pending
    return this.segments.bytes + this.segments.queuedBytes + bytes - directBytes
  }

  write(write: LogWrite): void {
    if (this.#successor !== null) {
      this.#successor.promise(write.hardState)
      return
    }
    this.#host.onWrite(this)
    if (write.hardState !== null) this.state.hardState = write.hardState
    const cut = this.#entries.truncate(write)
    const chunk = write.entries.length === 0 ? null : this.#entries.append(write.entries, write.payloads)
    this.pending.push({ hardState: write.hardState, cut, chunk, prefix: null, ticket: write.ticket })
  }

  segmentStarts(): readonly SegmentStart[] {
    return this.segments.starts(this.prevIndex)
  }

  limitSegments(bytes: number | null): void {
    this.segments.limitBytes = bytes
  }

  async seal(): Promise<void> {
    // On a full disk the segments sealed already must be enough: the cut that the caller intends makes room.
    if (!(await this.segments.tryFlush(this.segments.allowed))) return
    await this.#host.env.space.attempt(() => this.segments.seal())
  }

  copy(upTo = Number.POSITIVE_INFINITY): LogCopy {
    const { segments, readable } = this.#reads.view()
    const tail = this.#entries.cuts.length === 0 ? this.tail : null
    const { group, state } = this
    const { files } = this.#host.env
    return copyLog({ group, files, state, segments, readable, tail, removed: () => this.removed }, upTo)
  }

  async cutPrefix(before: LogIndex): Promise<void> {
    // A large write stands in its segment before the journal refers to it: then it is still needed.
    const limit = Math.min(before, ...this.#entries.cuts, this.pending.staged.lastIndex + 1)
    const found = this.removed ? null : this.segments.prefixBelow(limit)
    // An earlier cut may have reached as far, and not be durable yet.
    if (found === null || found.prevIndex <= this.prevIndex) return this.#cutting
    this.#host.onWrite(this)
    const { prevIndex, startOffset } = found
    const prefix = { prevIndex, startOffset, prevTerm: this.state.termAt(prevIndex) }
    this.#entries.trim(prefix)
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
    const cut = this.#entries.cutAt(fromIndex, endOffset)
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
    return this.#reads.entries(from, maxBytes)
  }

  readRecords(offset: Offset, limit: Offset, maxBytes: number): RecordRun | Promise<RecordRun> {
    return this.#reads.records(offset, limit, maxBytes)
  }

  offsetForTime(timestamp: Timestamp, limit: Offset, from: Offset = 0): Promise<Offset | null> {
    return this.#reads.offsetForTime(timestamp, limit, from)
  }

  scrub(maxBytes: number): Promise<ScrubStep> {
    return this.#reads.scrub(maxBytes)
  }

  corruptRanges(): readonly CorruptRange[] {
    return this.#entries.corrupt.list
  }

  async replaceCorrupt(first: LogIndex, last: LogIndex, payloads: readonly Uint8Array[]): Promise<void> {
    if (this.#entries.corrupt.covering(first, last) === null || payloads.length !== last - first + 1 || this.removed) {
      throw new RangeError(`group ${this.group}: ${first} to ${last} are not entries to be replaced`)
    }
    const { generation } = this.#entries
    await this.segments.repair(first, payloads, this.state)
    if (generation === this.#entries.generation) this.#entries.corrupt.repaired(first, last)
  }

  async splitBefore(first: LogIndex, payloads: readonly Uint8Array[]): Promise<void> {
    await this.segments.split(first, payloads, this.state)
    this.#entries.corrupt.replaced(first, first + payloads.length - 1)
    this.#entries.generation++
  }

  /** See LogEntries.restore. */
  restore(headers: readonly EntryHeader[], payloads: readonly Uint8Array[]): void {
    this.#entries.restore(headers, payloads, (chunk) => this.segments.push(chunk))
    this.segments.allowed = this.segments.queued
  }

  /** Drops the writes that wait for a round, and makes readers find nothing. */
  forget(): void {
    this.removed = true
    this.#entries.generation++
    for (const chunk of this.pending.drop()) this.#host.pool.discard(chunk)
  }

  /** As `forget`, but the new log keeps the promises that were made with the old one. */
  replacedBy(log: StoredGroupLog): void {
    this.forget()
    this.#successor = log
  }

  /**
   * Keeps a term or vote that was given to the log before this one. No listener is told: entries of that log that were
   * not told durable are gone.
   */
  promise(hardState: HardState | null): void {
    if (hardState === null) return
    this.#host.onWrite(this)
    this.state.hardState = hardState
    this.pending.push({ hardState, cut: null, chunk: null, prefix: null, ticket: -1 })
  }

  #onWritten(op: SegmentOp): void {
    if (!('bytes' in op)) this.#entries.cuts.shift()
    else this.#host.pool.unpin(op)
  }
}
