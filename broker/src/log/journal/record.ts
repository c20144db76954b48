import type { GroupId, HardState, LogIndex, Offset, Term, TermStart } from '@tailrace/schemas'
import { BATCH_HEADER_BYTES, formatTable } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Staging } from './staging.ts'

/**
 * The content of a journal. Layout of a record, little-endian; one record follows the other within a round:
 *
 *   0 u32 crc32c of bytes 4 to 32 and the covered part of the body 4 u32 type 8 u32 group 12 u32 incarnation of the
 *   group: a number never used again, so that a re-created group cannot see its predecessor's records 16 u32 counter: 1
 *   for the group's first record, then rising by one: a gap proves that records of this group are missing 20 u32 length
 *   of the body 24 f64 index (the term for HardState) 32 body
 *
 * The covered part is the whole body, but for an entry its first 21 bytes: those that the batch's own CRC-32C does not
 * cover, and that CRC itself.
 */
export const RecordType = {
  /** The journal was opened: all records from here on belong to a new epoch. */
  Open: 1,
  Create: 2,
  /** index = term; body: u32 votedFor. */
  HardState: 3,
  /** index = first one discarded; body: f64 base offset of that entry. */
  Cut: 4,
  /** Body: the batch. */
  Entry: 5,
  /** Entries whose bytes stand in a segment already; see Reference. */
  Reference: 6,
  Remove: 7,
  /** index = first one lost; see DamageBody. */
  Damage: 8,
  Repaired: 9,
  /**
   * index = a configuration entry's; body: its batch. Follows the Reference of the run that holds it, so that a restart
   * need not read the segment (M73).
   */
  Configuration: 10,
  /** index = prevIndex of the log's new start (see PrefixBody): segments before it may be gone from now on. */
  Prefix: 11,
  /** This incarnation is the group's log from now on; body: JSON of its GroupCheckpoint, with term and vote (M49). */
  Install: 12,
} as const
/**
 * A type that is not above may come from a newer version. Its checksum covers the whole body, as for all types but
 * Entry, so that a newer type differs from one that has rotted.
 */
export const NEWEST_RECORD_TYPE = formatTable.journalRecord.version

export type RecordType = (typeof RecordType)[keyof typeof RecordType]

export const RECORD_HEADER_BYTES = 32
/** Bytes of a batch that its own CRC does not cover. */
export const ENTRY_COVERED_BYTES = 21
const REFERENCE_TERM_BYTES = 20
const MAX_REASON_BYTES = 200
const DAMAGE_REASON_AT = 20
const REFERENCE_TERMS_AT = 36
/** Behind the terms, where the bytes were synced with the round. Shorter than a term: earlier versions pass over it. */
const SYNCED_WITH_ROUND = 1
const SYNCED_WITH_ROUND_BYTES = 4

/** The owner of a record. `counter` counts the records that this broker has written for the group. */
export interface RecordOwner {
  readonly id: GroupId
  readonly incarnation: number
  counter: number
}

/**
 * A run of entries that stands in a segment. It needs no checksum over the bytes there: each batch has its own, and the
 * fields that this does not cover (length, base offset, term) must agree with the run before it and with `terms`.
 */
export interface Reference {
  readonly first: LogIndex
  readonly count: number
  readonly endOffset: Offset
  readonly segmentBase: LogIndex
  readonly position: number
  readonly bytes: number
  /** The terms that begin within the run. */
  readonly terms: readonly TermStart[]
  /** The bytes were synced together with this round: a loss of power may have kept them from the disk. */
  readonly syncedWithRound: boolean
}

/** The state from which the broker went on. By Raft's log matching, last index and term name one log and no other. */
export interface DamageBody {
  readonly lastIndex: LogIndex
  readonly endOffset: Offset
  readonly lastTerm: Term
  readonly reason: string
}

/** The log's start after a cut. */
export interface PrefixBody {
  readonly prevTerm: Term
  readonly startOffset: Offset
}

export interface RecordHeader {
  readonly type: number
  readonly group: GroupId
  readonly incarnation: number
  readonly counter: number
  readonly bodyBytes: number
  readonly index: number
}

/** Writes records into a staging buffer, without an allocation for each. */
export class RecordWriter {
  readonly #staging: Staging
  readonly #crc: Crc32c
  readonly #scratch = new Uint8Array(4096)
  readonly #view = new DataView(this.#scratch.buffer)

  constructor(staging: Staging, crc: Crc32c) {
    this.#staging = staging
    this.#crc = crc
  }

  entry(owner: RecordOwner, index: LogIndex, batch: Uint8Array): void {
    const scratch = this.#scratch
    for (let i = 0; i < ENTRY_COVERED_BYTES; i++) scratch[RECORD_HEADER_BYTES + i] = batch[i]!
    this.#header(RecordType.Entry, owner, index, batch.length, ENTRY_COVERED_BYTES)
    this.#staging.beginRecord()
    this.#staging.put(scratch, 0, RECORD_HEADER_BYTES)
    this.#staging.put(batch, 0, batch.length)
  }

  hardState(owner: RecordOwner, state: HardState): void {
    this.#view.setUint32(RECORD_HEADER_BYTES, state.votedFor, true)
    this.#small(RecordType.HardState, owner, state.term, 4)
  }

  cut(owner: RecordOwner, from: LogIndex, endOffset: Offset): void {
    this.#view.setFloat64(RECORD_HEADER_BYTES, endOffset, true)
    this.#small(RecordType.Cut, owner, from, 8)
  }

  reference(owner: RecordOwner, reference: Reference): void {
    const view = this.#view
    let at = RECORD_HEADER_BYTES
    view.setFloat64(at, reference.segmentBase, true)
    view.setFloat64(at + 8, reference.position, true)
    view.setFloat64(at + 16, reference.bytes, true)
    view.setFloat64(at + 24, reference.endOffset, true)
    view.setUint32(at + 32, reference.count, true)
    at += REFERENCE_TERMS_AT
    for (const start of reference.terms) {
      view.setUint32(at, start.term, true)
      view.setFloat64(at + 4, start.index, true)
      view.setFloat64(at + 12, start.offset, true)
      at += REFERENCE_TERM_BYTES
    }
    if (reference.syncedWithRound) {
      view.setUint32(at, SYNCED_WITH_ROUND, true)
      at += SYNCED_WITH_ROUND_BYTES
    }
    this.#small(RecordType.Reference, owner, reference.first, at - RECORD_HEADER_BYTES)
  }

  damage(owner: RecordOwner, from: LogIndex, body: DamageBody): void {
    const view = this.#view
    view.setFloat64(RECORD_HEADER_BYTES, body.lastIndex, true)
    view.setFloat64(RECORD_HEADER_BYTES + 8, body.endOffset, true)
    view.setUint32(RECORD_HEADER_BYTES + 16, body.lastTerm, true)
    const reasonAt = RECORD_HEADER_BYTES + DAMAGE_REASON_AT
    const { written } = new TextEncoder().encodeInto(
      body.reason,
      this.#scratch.subarray(reasonAt, reasonAt + MAX_REASON_BYTES),
    )
    this.#small(RecordType.Damage, owner, from, DAMAGE_REASON_AT + written)
  }

  configuration(owner: RecordOwner, index: LogIndex, batch: Uint8Array): void {
    this.#large(RecordType.Configuration, owner, index, batch)
  }

  prefix(owner: RecordOwner, prevIndex: LogIndex, { prevTerm, startOffset }: PrefixBody): void {
    this.#view.setFloat64(RECORD_HEADER_BYTES, startOffset, true)
    this.#view.setUint32(RECORD_HEADER_BYTES + 8, prevTerm, true)
    this.#small(RecordType.Prefix, owner, prevIndex, 12)
  }

  install(owner: RecordOwner, body: Uint8Array): void {
    this.#large(RecordType.Install, owner, 0, body)
  }

  /** A record without a body: its type says all. */
  mark(type: RecordType, owner: RecordOwner): void {
    this.#small(type, owner, 0, 0)
  }

  #small(type: RecordType, owner: RecordOwner, index: number, bodyBytes: number): void {
    this.#header(type, owner, index, bodyBytes, bodyBytes)
    this.#staging.beginRecord()
    this.#staging.put(this.#scratch, 0, RECORD_HEADER_BYTES + bodyBytes)
  }

  /** A body that need not fit the scratch memory. Rare, so it may cost an allocation. */
  #large(type: RecordType, owner: RecordOwner, index: number, body: Uint8Array): void {
    const whole = new Uint8Array(RECORD_HEADER_BYTES + body.length)
    whole.set(body, RECORD_HEADER_BYTES)
    this.#writeHeader(whole, type, owner, index, body.length, body.length)
    this.#staging.beginRecord()
    this.#staging.put(whole, 0, whole.length)
  }

  #header(type: RecordType, owner: RecordOwner, index: number, bodyBytes: number, covered: number): void {
    this.#writeHeader(this.#scratch, type, owner, index, bodyBytes, covered)
  }

  #writeHeader(
    into: Uint8Array,
    type: RecordType,
    owner: RecordOwner,
    index: number,
    bodyBytes: number,
    covered: number,
  ): void {
    const view = into === this.#scratch ? this.#view : new DataView(into.buffer)
    owner.counter = (owner.counter + 1) >>> 0
    view.setUint32(4, type, true)
    view.setUint32(8, owner.id, true)
    view.setUint32(12, owner.incarnation, true)
    view.setUint32(16, owner.counter, true)
    view.setUint32(20, bodyBytes, true)
    view.setFloat64(24, index, true)
    view.setUint32(0, this.#crc(into, 4, RECORD_HEADER_BYTES + covered), true)
  }
}

/** How many term starts a reference can hold; a run with more goes through the journal. */
export const MAX_REFERENCE_TERMS = 200

/** Reads the header of the record at `at`. The caller has made sure of 32 bytes. */
export function readRecordHeader(bytes: Uint8Array, at: number): RecordHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECORD_HEADER_BYTES)
  return {
    type: view.getUint32(4, true),
    group: view.getUint32(8, true),
    incarnation: view.getUint32(12, true),
    counter: view.getUint32(16, true),
    bodyBytes: view.getUint32(20, true),
    index: view.getFloat64(24, true),
  }
}

/** Whether the header of the record at `at`, and the covered part of its body, are as written. */
export function verifyRecord(bytes: Uint8Array, at: number, header: RecordHeader, crc: Crc32c): boolean {
  const covered = header.type === RecordType.Entry ? ENTRY_COVERED_BYTES : header.bodyBytes
  const end = at + RECORD_HEADER_BYTES + covered
  if (end > bytes.length || covered > header.bodyBytes) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 4)
  return view.getUint32(0, true) === crc(bytes, at + 4, end)
}

/** The bytes that a body has at the least, and where numbers stand in it that count something. */
const bodies: Readonly<Record<number, { readonly least: number; readonly counts: readonly number[] }>> = {
  [RecordType.HardState]: { least: 4, counts: [] },
  [RecordType.Cut]: { least: 8, counts: [0] },
  [RecordType.Entry]: { least: BATCH_HEADER_BYTES, counts: [] },
  [RecordType.Reference]: { least: REFERENCE_TERMS_AT, counts: [0, 8, 16, 24] },
  [RecordType.Damage]: { least: DAMAGE_REASON_AT, counts: [0, 8] },
  [RecordType.Configuration]: { least: BATCH_HEADER_BYTES, counts: [] },
  [RecordType.Prefix]: { least: 12, counts: [0] },
}

/**
 * Whether the record has what its type must have. The checksums of a block prove that these bytes were written, and not
 * that they are a record. One of a newer type has what it has.
 */
export function isComplete({ type, index }: RecordHeader, body: Uint8Array): boolean {
  if (type > NEWEST_RECORD_TYPE) return true
  const { least, counts } = bodies[type] ?? { least: 0, counts: [] }
  if (!isCount(index) || body.length < least) return false
  const view = viewOf(body)
  if (!counts.every((at) => isCount(view.getFloat64(at, true)))) return false
  return type !== RecordType.Reference || readReference(index, body).terms.every((start) => isPlace(start))
}

function isPlace({ index, offset }: TermStart): boolean {
  return isCount(index) && isCount(offset)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

export function readVotedFor(body: Uint8Array): number {
  return viewOf(body).getUint32(0, true)
}

export function readCutOffset(body: Uint8Array): Offset {
  return viewOf(body).getFloat64(0, true)
}

export function readPrefix(body: Uint8Array): PrefixBody {
  const view = viewOf(body)
  return { startOffset: view.getFloat64(0, true), prevTerm: view.getUint32(8, true) }
}

export function readDamage(body: Uint8Array): DamageBody {
  const view = viewOf(body)
  return {
    lastIndex: view.getFloat64(0, true),
    endOffset: view.getFloat64(8, true),
    lastTerm: view.getUint32(16, true),
    reason: new TextDecoder().decode(body.subarray(DAMAGE_REASON_AT)),
  }
}

export function readReference(first: LogIndex, body: Uint8Array): Reference {
  const view = viewOf(body)
  const terms: TermStart[] = []
  let at = REFERENCE_TERMS_AT
  for (; at + REFERENCE_TERM_BYTES <= body.length; at += REFERENCE_TERM_BYTES) {
    terms.push({
      term: view.getUint32(at, true),
      index: view.getFloat64(at + 4, true),
      offset: view.getFloat64(at + 12, true),
    })
  }
  return {
    first,
    segmentBase: view.getFloat64(0, true),
    position: view.getFloat64(8, true),
    bytes: view.getFloat64(16, true),
    endOffset: view.getFloat64(24, true),
    count: view.getUint32(32, true),
    terms,
    syncedWithRound: body.length - at === SYNCED_WITH_ROUND_BYTES && view.getUint32(at, true) === SYNCED_WITH_ROUND,
  }
}

function viewOf(body: Uint8Array): DataView {
  return new DataView(body.buffer, body.byteOffset, body.length)
}
