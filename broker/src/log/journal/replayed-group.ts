import type { EntryHeader, GroupId, LogIndex, Offset } from '@tailrace/schemas'
import { NO_BROKER } from '@tailrace/schemas'
import { headerOrNull } from '../entry-header.ts'
import { LogState } from '../log-state.ts'
import type { Damage } from '../log-storage.ts'
import { refuseNewerBatch } from '../newer-batch.ts'
import { type GroupCheckpoint, stateOf } from '../recovery/checkpoint.ts'
import type { SegmentRecord } from '../segment/segment.ts'
import {
  type DamageBody,
  type PrefixBody,
  type RecordHeader,
  type RecordOwner,
  RecordType,
  readCutOffset,
  readDamage,
  readPrefix,
  readReference,
  readVotedFor,
} from './record.ts'

/** A group as checkpoint and journal tell of it, while its records are applied one after the other. */
export class ReplayedGroup implements RecordOwner {
  readonly id: GroupId
  readonly incarnation: number
  counter = 0
  state = new LogState()
  damage: Damage | null = null
  /** Up to here the entries stand in segments, synced. */
  inSegments: LogIndex = 0
  /** The entries after `inSegments`. */
  headers: EntryHeader[] = []
  payloads: Uint8Array[] = []
  replayedEntries = 0
  /** The lowest entry from which on a record has discarded the log, after the checkpoint. */
  cutFrom: LogIndex = Number.POSITIVE_INFINITY
  /** The segments that a checkpoint names. */
  segments: readonly SegmentRecord[] = []
  /**
   * A record is missing: later records cannot be placed, except those of term and vote, which are complete by
   * themselves.
   */
  #lost = false
  /** The journal has an unreadable place after which no record of this group has been seen yet. */
  #doubt: string | null = null

  constructor(id: GroupId, incarnation: number) {
    this.id = id
    this.incarnation = incarnation
  }

  static from(record: GroupCheckpoint): ReplayedGroup {
    const group = new ReplayedGroup(record.group, record.incarnation)
    group.counter = record.counter
    group.state = stateOf(record)
    group.inSegments = group.state.lastIndex
    group.damage = record.damage
    group.segments = record.segments
    return group
  }

  /** Records of this group may be missing here; its next counter will tell. */
  suspect(reason = 'an unreadable place in the journal may have held entries of this group'): void {
    this.#doubt ??= reason
  }

  /** No later record of this group has removed the doubt. */
  settle(): void {
    if (this.#doubt !== null) this.#lose(this.#doubt)
    this.#doubt = null
    // A term is written before the first entry of it: that record is among the missing ones, and perhaps a vote with
    // it.
    if (this.damage !== null && this.state.hardState.term < this.state.lastTerm)
      this.state.hardState = { term: this.state.lastTerm, votedFor: NO_BROKER }
  }

  apply(record: RecordHeader, body: Uint8Array, sound: boolean, keepsBatch = true): void {
    const follows = record.counter === (this.counter + 1) >>> 0
    this.counter = record.counter
    this.#doubt = null
    if (!follows) this.#lose('records of this group are missing in the journal')
    if (record.type === RecordType.HardState) {
      this.state.hardState = { term: record.index, votedFor: readVotedFor(body) }
    } else if (record.type === RecordType.Damage) {
      this.#resume(record.index, readDamage(body))
    } else if (record.type === RecordType.Repaired) {
      if (!this.#lost) this.damage = null
    } else if (record.type === RecordType.Prefix) {
      // Also when records are missing: the segments before it are gone.
      this.#trim(record.index, readPrefix(body))
    } else if (!this.#lost) {
      this.#applyToLog(record, body, sound, keepsBatch)
    }
  }

  /**
   * An earlier recovery found the damage and continued from here: if this is the same log, later records can be placed
   * again.
   */
  #resume(fromIndex: LogIndex, body: DamageBody): void {
    this.markDamage(fromIndex, body.reason)
    if (body.lastIndex < this.state.lastIndex) this.#cut(body.lastIndex + 1, body.endOffset)
    this.#lost = this.state.lastIndex !== body.lastIndex || this.state.lastTerm !== body.lastTerm
  }

  #applyToLog(record: RecordHeader, body: Uint8Array, sound: boolean, keepsBatch: boolean): void {
    if (record.type === RecordType.Cut) this.#cut(record.index, readCutOffset(body))
    else if (record.type === RecordType.Entry) this.#entry(record.index, body, sound, keepsBatch)
    else if (record.type === RecordType.Reference) this.#reference(readReference(record.index, body))
    else if (record.type === RecordType.Configuration) {
      this.state.addConfiguration({ index: record.index, batch: body.slice() })
    }
  }

  #cut(from: LogIndex, endOffset: number): void {
    this.state.cut(from, endOffset)
    this.cutFrom = Math.min(this.cutFrom, from)
    this.inSegments = Math.min(this.inSegments, from - 1)
    while (this.headers.length > 0 && this.headers[this.headers.length - 1]!.index >= from) {
      this.headers.pop()
      this.payloads.pop()
    }
  }

  #trim(prevIndex: LogIndex, { prevTerm, startOffset }: PrefixBody): void {
    if (prevIndex > this.state.lastIndex) {
      this.#lose('the log was cut after the last entry that is known')
      this.state.extend(prevIndex, startOffset, [], [])
    }
    this.state.trim({ prevIndex, prevTerm, startOffset })
    // The record of that term may be among those that are missing.
    if (this.damage !== null && this.state.hardState.term < prevTerm)
      this.state.hardState = { term: prevTerm, votedFor: NO_BROKER }
    // Segments had them before they could be cut off.
    this.inSegments = Math.max(this.inSegments, prevIndex)
    const kept = this.headers.findIndex(({ index }) => index > prevIndex)
    this.headers.splice(0, kept < 0 ? this.headers.length : kept)
    this.payloads.splice(0, kept < 0 ? this.payloads.length : kept)
  }

  #entry(index: LogIndex, batch: Uint8Array, sound: boolean, keepsBatch: boolean): void {
    const header = sound ? headerOrNull(batch, 0, batch.length, index) : null
    if (sound && header === null) refuseNewerBatch(batch, `entry ${index} of group ${this.id}`)
    if (header === null || index !== this.state.lastIndex + 1 || header.baseOffset !== this.state.endOffset) {
      this.#lose('a batch in the journal does not match its checksum')
      return
    }
    this.state.append([header], [batch])
    this.headers.push(header)
    if (keepsBatch) this.payloads.push(batch)
    this.replayedEntries++
  }

  #reference(reference: ReturnType<typeof readReference>): void {
    if (reference.first !== this.state.lastIndex + 1) {
      this.#lose('the journal refers to entries that do not follow the log')
      return
    }
    const last = reference.first + reference.count - 1
    this.state.extend(last, reference.endOffset, reference.terms, [])
    // The sync that made the run durable came after everything before it in the same segments.
    this.inSegments = last
    this.headers = []
    this.payloads = []
  }

  /** The segments do not reach as far as they should: the log ends here. */
  keepOnly(lastIndex: LogIndex, endOffset: Offset): void {
    this.#cut(lastIndex + 1, endOffset)
  }

  #lose(reason: string): void {
    this.#lost = true
    this.markDamage(this.state.lastIndex + 1, reason)
  }

  /** The earliest damage counts. */
  markDamage(fromIndex: LogIndex, reason: string): void {
    if (this.damage === null || fromIndex < this.damage.fromIndex) this.damage = { fromIndex, reason }
  }
}
