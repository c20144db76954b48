import { EntryKind } from '../entry.ts'
import type { BrokerId, Offset, Term, Timestamp } from '../ids.ts'
import { TailraceError } from '../tailrace-error.ts'
import { attributesAt, placeBatch } from './header.ts'
import { BATCH_HEADER_BYTES, COMPRESSION_MASK, CONTROL_BIT, Compression } from './layout.ts'
import { int16At, int32At, safeInt64At, writeInt16, writeInt32, writeInt64 } from './numbers.ts'
import { decodeBatch } from './read.ts'
import { BatchWriter } from './write.ts'

/**
 * Control batches: the entries that Raft itself writes into a partition's log. Kafka's tools can read them (KIP-595),
 * but in Tailrace a control entry takes **no offset**: its baseOffset is the offset of the next record, which the next
 * data batch carries too, and readers never get it.
 */
const KEY_VERSION = 0
const KEY_BYTES = 4
/** Kafka's ControlRecordType LEADER_CHANGE and KRAFT_VOTERS. */
const LEADER_CHANGE = 2
const KRAFT_VOTERS = 6
/** Tailrace's own, far from Kafka's, which count up from 0. */
const FENCE = 20_000
const DELETION = 20_001

/**
 * LeaderChangeMessage v0: version int16, leaderId int32, voters and granting voters as empty compact arrays, no tagged
 * fields.
 */
const LEADER_CHANGE_BYTES = 9
const EMPTY_COMPACT_ARRAY = 1

/** Version int16, 0; fencing token int64. */
const FENCE_BYTES = 10
/** Version int16, 0; offset int64. */
const DELETION_BYTES = 10

/**
 * Length of every term start batch: header, then a record of length byte, 5 bytes of fields, key and value with their
 * lengths, no headers.
 */
export const TERM_START_BYTES = BATCH_HEADER_BYTES + 1 + 3 + (1 + KEY_BYTES) + (1 + LEADER_CHANGE_BYTES) + 1

/** The batch with which a leader opens its term. Always TERM_START_BYTES long. */
export function termStartBatch(fields: {
  term: Term
  baseOffset: Offset
  timestamp: Timestamp
  leader: BrokerId
}): Uint8Array {
  const value = new Uint8Array(LEADER_CHANGE_BYTES)
  writeInt32(value, 2, fields.leader)
  value[6] = EMPTY_COMPACT_ARRAY
  value[7] = EMPTY_COMPACT_ARRAY
  return controlBatch(LEADER_CHANGE, value, fields)
}

/** A change of the group's configuration; `json` is for Tailrace alone. */
export function configurationBatch(fields: {
  term: Term
  baseOffset: Offset
  timestamp: Timestamp
  json: string
}): Uint8Array {
  return controlBatch(KRAFT_VOTERS, new TextEncoder().encode(fields.json), fields)
}

/** A leader has accepted a fencing token that is higher than all before it. */
export function fenceBatch(fields: {
  term: Term
  baseOffset: Offset
  timestamp: Timestamp
  fence: number
}): Uint8Array {
  const value = new Uint8Array(FENCE_BYTES)
  writeInt64(value, 2, fields.fence)
  return controlBatch(FENCE, value, fields)
}

/** The records before an offset are deleted. */
export function deletionBatch(fields: {
  term: Term
  baseOffset: Offset
  timestamp: Timestamp
  before: Offset
}): Uint8Array {
  const value = new Uint8Array(DELETION_BYTES)
  writeInt64(value, 2, fields.before)
  return controlBatch(DELETION, value, fields)
}

/** Content of a control batch. */
export type Control =
  | { readonly kind: typeof EntryKind.TermStart; readonly leader: BrokerId }
  | { readonly kind: typeof EntryKind.Configuration; readonly json: string }
  | { readonly kind: typeof EntryKind.Fence; readonly fence: number }
  | { readonly kind: typeof EntryKind.Deletion; readonly before: Offset }

/** Whether the batch at `at` is a control batch. */
export function isControlAt(bytes: Uint8Array, at: number): boolean {
  return (attributesAt(bytes, at) & CONTROL_BIT) !== 0
}

/**
 * Reads a batch that one of the functions above made.
 * @throws TailraceError INVALID_BATCH for anything else
 */
export function readControl(bytes: Uint8Array, at: number): Control {
  // Control batches are never compressed. Checked here, since the reader of records would report an error about codecs.
  const isPlain = isControlAt(bytes, at) && (attributesAt(bytes, at) & COMPRESSION_MASK) === Compression.none
  const records = isPlain ? decodeBatch(bytes, at, {}) : []
  const { key = null, value = null } = records.length === 1 ? records[0]! : {}
  if (key?.length === KEY_BYTES && int16At(key, 0) === KEY_VERSION && value !== null) {
    const type = int16At(key, 2)
    if (type === LEADER_CHANGE && value.length === LEADER_CHANGE_BYTES) {
      return { kind: EntryKind.TermStart, leader: int32At(value, 2) }
    }
    if (type === KRAFT_VOTERS) return { kind: EntryKind.Configuration, json: new TextDecoder().decode(value) }
    if (type === FENCE && value.length === FENCE_BYTES && int16At(value, 0) === 0) {
      const fence = safeInt64At(value, 2, 'fence')
      if (fence >= 0) return { kind: EntryKind.Fence, fence }
    }
    if (type === DELETION && value.length === DELETION_BYTES && int16At(value, 0) === 0) {
      const before = safeInt64At(value, 2, 'before')
      if (before >= 0) return { kind: EntryKind.Deletion, before }
    }
  }
  throw new TailraceError('INVALID_BATCH', 'It is no control batch of Tailrace.')
}

/** The kind of entry that a stored batch is, without decoding a data batch. @throws TailraceError INVALID_BATCH */
export function entryKindAt(bytes: Uint8Array, at: number): EntryKind {
  return isControlAt(bytes, at) ? readControl(bytes, at).kind : EntryKind.Records
}

function controlBatch(
  type: number,
  value: Uint8Array,
  { term, baseOffset, timestamp }: { term: Term; baseOffset: Offset; timestamp: Timestamp },
): Uint8Array {
  const key = new Uint8Array(KEY_BYTES)
  writeInt16(key, 0, KEY_VERSION)
  writeInt16(key, 2, type)
  const writer = new BatchWriter(TERM_START_BYTES)
  writer.append({ timestamp, key, value })
  const batch = writer.finish({
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    compression: Compression.none,
    attributes: CONTROL_BIT,
  })
  placeBatch(batch, 0, baseOffset, term)
  return batch
}
