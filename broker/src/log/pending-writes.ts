import type { GroupId, HardState, LogIndex, Offset } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import {
  MAX_REFERENCE_TERMS,
  RECORD_HEADER_BYTES,
  type RecordOwner,
  RecordType,
  type RecordWriter,
  type Reference,
} from './journal/record.ts'
import type { Staging } from './journal/staging.ts'
import type { LogStart, LogState } from './log-state.ts'
import type { Damage } from './log-storage.ts'
import type { SegmentSet } from './segment/segment-set.ts'
import type { TailChunk } from './tail/tail-chunk.ts'

/** One write of a group that waits for a round. Parts that a round has taken are null. */
export interface PendingWrite {
  hardState: HardState | null
  cut: { readonly from: LogIndex; readonly endOffset: Offset } | null
  chunk: TailChunk | null
  /** The log's new start. */
  prefix: LogStart | null
  /** The entries that cannot be read any more, after `cut`. */
  damage?: Damage | null
  /** Below zero: no listener is told. */
  readonly ticket: number
}

/** When a group's entries go to its segment ahead of their round, and how much a round takes. All in bytes. */
export interface RoundLimits {
  readonly directBytes: number
  /** The most that one group may write ahead of one round; the others wait for it. */
  readonly mostDirectBytes: number
  /** A chunk with more than this cannot be written to the journal at all. */
  readonly journalCapacity: number
  /** A round is closed when it has this many bytes. */
  readonly roundBytes: number
  /** No round may have more bytes. */
  readonly fileCapacity: number
}

/** The writes of a group that no round has taken yet, in order, and the group's state according to the journal. */
export class PendingWrites implements RecordOwner {
  readonly id: GroupId
  readonly incarnation: number
  counter = 0
  /** The state after all writes that a round has taken: a checkpoint keeps it once that round is durable. */
  readonly staged: LogState
  /** The last ticket whose write a round has taken whole. */
  stagedTicket = -1
  durableTicket = -1
  /** How many operations the segments' queue had after the last round was staged. */
  stagedOps = 0
  /** The group's create record has been taken. */
  announced = false
  /** In the list of the next round. */
  listed = false
  bytes = 0
  /** Those of them that their segment has too, or is about to write. */
  directBytes = 0
  readonly #segments: SegmentSet
  #writes: PendingWrite[] = []
  #repaired = false
  /** The round that is being staged refers to bytes that are synced with it. */
  #syncsWithRound = false

  constructor(id: GroupId, incarnation: number, staged: LogState, segments: SegmentSet) {
    this.id = id
    this.incarnation = incarnation
    this.staged = staged
    this.#segments = segments
  }

  get empty(): boolean {
    return this.#writes.length === 0 && !this.#repaired
  }

  /** A damage that no round has taken yet. */
  get hasDamage(): boolean {
    return this.#writes.some(({ damage }) => damage != null)
  }

  push(write: PendingWrite): void {
    this.#writes.push(write)
    if (write.chunk !== null) this.bytes += write.chunk.bytes
  }

  repaired(): void {
    this.#repaired = true
  }

  /** Forgets all; returns the chunks that no segment is going to write. */
  drop(): TailChunk[] {
    const dropped: TailChunk[] = []
    for (const write of this.#writes) if (write.chunk !== null && !write.chunk.direct) dropped.push(write.chunk)
    this.#writes = []
    this.#repaired = false
    this.bytes = 0
    this.directBytes = 0
    return dropped
  }

  /**
   * Queues the leading chunks for the segments ahead of their round, if they are large enough. A truncation in front of
   * them has to become durable first, since segment bytes that it discards may be overwritten: chunks after one wait
   * for the next round.
   */
  selectDirect(limits: RoundLimits): boolean {
    if (this.#awaitsSegment()) return true
    if (this.bytes < limits.directBytes && this.bytes < limits.journalCapacity / 2) return false
    let bytes = 0
    let count = 0
    let forced = false
    for (const { cut, chunk } of this.#writes) {
      if (cut !== null || bytes >= limits.mostDirectBytes || (chunk !== null && !canRefer(chunk))) break
      count++
      if (chunk === null) continue
      bytes += chunk.bytes
      forced ||= journalBytes(chunk) > limits.journalCapacity
    }
    if (bytes < limits.directBytes && !forced) return false
    for (let i = 0; i < count; i++) {
      const chunk = this.#writes[i]!.chunk
      if (chunk === null || chunk.direct) continue
      chunk.direct = true
      this.directBytes += chunk.bytes
      this.#segments.push(chunk)
    }
    return true
  }

  /**
   * The first chunk is queued for its segment, which has not taken it: the disk was full. No round can go on before it
   * has, however few bytes are left by now.
   */
  #awaitsSegment(): boolean {
    for (const { chunk } of this.#writes) if (chunk !== null) return chunk.direct && chunk.position < 0
    return false
  }

  /**
   * Moves writes into the round until it is full. `withoutRecords`: only up to the first records, since the disk is
   * full.
   */
  stage(staging: Staging, writer: RecordWriter, limits: RoundLimits, withoutRecords = false): void {
    if (!this.announced) writer.mark(RecordType.Create, this)
    this.announced = true
    if (this.#repaired) writer.mark(RecordType.Repaired, this)
    this.#repaired = false
    this.#syncsWithRound = false
    let taken = 0
    for (const write of this.#writes) {
      if (!this.#stageOne(write, staging, writer, limits, withoutRecords)) break
      taken++
      if (write.ticket >= 0) this.stagedTicket = write.ticket
    }
    if (withoutRecords) this.#stagePrefixes(writer, taken)
    this.stagedOps = this.#segments.queued
    if (taken === this.#writes.length) this.#writes.length = 0
    else if (taken > 0) this.#writes.splice(0, taken)
  }

  /**
   * Cuts of the log's start overtake records that wait for room. They concern only writes that were staged before the
   * cut was asked for.
   */
  #stagePrefixes(writer: RecordWriter, from: number): void {
    for (let i = from; i < this.#writes.length; i++) this.#stagePrefix(this.#writes[i]!, writer)
  }

  #stagePrefix(write: PendingWrite, writer: RecordWriter): void {
    const { prefix } = write
    if (prefix === null) return
    writer.prefix(this, prefix.prevIndex, prefix)
    this.staged.trim(prefix)
    write.prefix = null
  }

  /** False when a part of the write has to wait for another round. */
  #stageOne(
    write: PendingWrite,
    staging: Staging,
    writer: RecordWriter,
    limits: RoundLimits,
    withoutRecords: boolean,
  ): boolean {
    const { hardState, cut, chunk } = write
    if (hardState !== null) {
      writer.hardState(this, hardState)
      this.staged.hardState = hardState
      write.hardState = null
    }
    if (cut !== null) {
      // Recovery looks for those bytes: they may be discarded only when a later round is durable.
      if (this.#syncsWithRound) return false
      writer.cut(this, cut.from, cut.endOffset)
      this.staged.cut(cut.from, cut.endOffset)
      this.#segments.push(cut)
      write.cut = null
    }
    if (write.damage) {
      const { lastIndex, endOffset, lastTerm } = this.staged
      writer.damage(this, write.damage.fromIndex, { lastIndex, endOffset, lastTerm, reason: write.damage.reason })
      write.damage = null
    }
    this.#stagePrefix(write, writer)
    if (chunk === null) return true
    if (withoutRecords && chunk.position < 0 && hasRecords(chunk)) return false
    if (chunk.direct) {
      const full = !staging.empty && staging.contentBytes + configurationBytes(chunk) > limits.roundBytes
      if (chunk.position < 0 || full) return false
      const reference = referenceTo(chunk, !this.#segments.isSynced(chunk))
      this.#syncsWithRound ||= reference.syncedWithRound
      writer.reference(this, reference)
      for (const { index, batch } of chunk.configurations) writer.configuration(this, index, batch)
      this.directBytes -= chunk.bytes
    } else {
      const bytes = journalBytes(chunk)
      // It goes directly to its segment in the next round: only now no other write is before it.
      const large = chunk.bytes >= limits.directBytes || bytes > limits.journalCapacity
      // Terms, votes and marks, which may come with every round, leave room for a chunk that fits beside them.
      const most = staging.entries > 0 ? limits.roundBytes : limits.fileCapacity
      if ((large && canRefer(chunk)) || (!staging.empty && staging.contentBytes + bytes > most)) return false
      staging.entries += chunk.headers.length
      for (let i = 0; i < chunk.headers.length; i++) writer.entry(this, chunk.headers[i]!.index, chunk.payloads[i]!)
      this.#segments.push(chunk)
    }
    this.staged.extend(chunk.last, chunk.endOffset, chunk.terms, chunk.configurations)
    this.bytes -= chunk.bytes
    return true
  }
}

function hasRecords({ headers }: TailChunk): boolean {
  return headers.some(({ kind }) => kind === EntryKind.Records)
}

/** The bytes that a chunk takes in a round. */
function journalBytes(chunk: TailChunk): number {
  return chunk.bytes + chunk.headers.length * RECORD_HEADER_BYTES
}

/** The bytes that its configurations take beside a reference. */
function configurationBytes(chunk: TailChunk): number {
  let bytes = 0
  for (const { batch } of chunk.configurations) bytes += batch.length + RECORD_HEADER_BYTES
  return bytes
}

/** A reference has room for so many terms only. */
function canRefer(chunk: TailChunk): boolean {
  return chunk.terms.length <= MAX_REFERENCE_TERMS
}

function referenceTo(chunk: TailChunk, syncedWithRound: boolean): Reference {
  return {
    first: chunk.first,
    count: chunk.headers.length,
    endOffset: chunk.endOffset,
    segmentBase: chunk.segmentBase,
    position: chunk.position,
    bytes: chunk.bytes,
    terms: chunk.terms,
    syncedWithRound,
  }
}
