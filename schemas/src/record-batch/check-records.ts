import type { Timestamp } from '../ids.ts'
import { TailraceError } from '../tailrace-error.ts'
import { VarintReader } from '../varint.ts'
import * as header from './header.ts'
import { BATCH_HEADER_BYTES, COMPRESSION_MASK, MIN_RECORD_BYTES, RECORDS_AT } from './layout.ts'
import { type Decompressors, decompressRecords } from './read.ts'

/** Limits of the records of a batch. */
export interface RecordLimits {
  /** The most that compressed records may decompress to. */
  readonly maxDecompressedBytes: number
  /** Records with a timestamp before or behind these are refused with INVALID_TIMESTAMP. */
  readonly oldestTimestamp: Timestamp
  readonly newestTimestamp: Timestamp
}

/** The first and last millisecond that a Date can show: a time outside cannot be shown by every reader. */
export const MAX_TIMESTAMP = 8.64e15
export const MIN_TIMESTAMP = -MAX_TIMESTAMP
/** Kafka's NO_TIMESTAMP: a record without a time, which no limit of time applies to. */
const NO_TIMESTAMP = -1

const names = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Walks the records of a batch that `checkBatch` has taken, once, at the leader: every reader can read a batch that
 * passes here (Kafka: LogValidator, DefaultRecord.readFrom). No object, view or copy is made for a record. Compressed
 * records are decompressed for this, which is bounded.
 * @throws TailraceError INVALID_BATCH with the record and the field, UNSUPPORTED_COMPRESSION, INVALID_TIMESTAMP
 */
export function checkRecords(batch: Uint8Array, codecs: Decompressors, limits: RecordLimits): void {
  const compression = header.attributesAt(batch, 0) & COMPRESSION_MASK
  let [bytes, at] = [batch, RECORDS_AT]
  if (compression !== 0) {
    bytes = decompressRecords(batch.subarray(RECORDS_AT), compression, codecs, limits.maxDecompressedBytes)
    at = 0
  }
  const count = header.recordsCountAt(batch, 0)
  if (count > (bytes.length - at) / MIN_RECORD_BYTES) {
    throw new TailraceError(
      'INVALID_BATCH',
      `recordsCount: ${count} records do not fit into ${bytes.length - at} bytes.`,
    )
  }
  const largest = walk(bytes, at, count, header.baseTimestampAt(batch, 0), limits)
  const claimed = header.maxTimestampAt(batch, 0)
  if (claimed !== largest) {
    throw new TailraceError('INVALID_BATCH', `maxTimestamp: it says ${claimed}, the largest is ${largest}.`)
  }
}

/** The most that a batch may decompress to where its compressed form may have `maxBytes`. */
export function maxDecompressedBytes(maxBytes: number): number {
  return Math.max(4 * 1024 * 1024, 4 * (maxBytes - BATCH_HEADER_BYTES))
}

/**
 * Where the varint that `long…` has read last ends. Everything here is synchronous, and a second result would be an
 * object.
 */
let after = 0

/** Returns the largest timestamp. The first byte of each varint is read in place: most have no second one. */
function walk(bytes: Uint8Array, start: number, count: number, base: Timestamp, limits: RecordLimits): Timestamp {
  const end = bytes.length
  const { oldestTimestamp, newestTimestamp } = limits
  let largest = Number.NEGATIVE_INFINITY
  let at = start
  for (let record = 0; record < count; record++) {
    if (end - at < MIN_RECORD_BYTES) refuse(record, 'length', 'the batch ends before it')
    let byte = bytes[at++]!
    let length = (byte >>> 1) ^ -(byte & 1)
    if (byte >= 0x80) {
      length = longVarint(bytes, at - 1, end)
      at = after
    }
    if (length < MIN_RECORD_BYTES - 1 || length > end - at) refuse(record, 'length', `${length} bytes`)
    const recordEnd = at + length
    if (bytes[at++] !== 0) refuse(record, 'attributes', 'none are known')

    byte = bytes[at++]!
    let timestamp = base + ((byte >>> 1) ^ -(byte & 1))
    if (byte >= 0x80) {
      timestamp = base + longVarlong(bytes, at - 1, recordEnd)
      at = after
    }
    if (timestamp > largest) largest = timestamp
    if (!(timestamp >= oldestTimestamp && timestamp <= newestTimestamp)) checkTimestamp(record, timestamp, limits)

    byte = at < recordEnd ? bytes[at++]! : short(record)
    let delta = (byte >>> 1) ^ -(byte & 1)
    if (byte >= 0x80) {
      delta = longVarint(bytes, at - 1, recordEnd)
      at = after
    }
    if (delta !== record) refuse(record, 'offsetDelta', `${delta}`)

    at = skipField(bytes, at, recordEnd, record, 'key')
    at = skipField(bytes, at, recordEnd, record, 'value')
    if (at >= recordEnd) short(record)
    // No headers: the last byte of the record is a 0.
    at = bytes[at] === 0 ? at + 1 : skipHeaders(bytes, at, recordEnd, record)
    if (at !== recordEnd) refuse(record, 'length', `it claims ${recordEnd - at} bytes too many`)
  }
  if (at !== end) throw new TailraceError('INVALID_BATCH', `recordsCount: ${end - at} bytes follow the last record.`)
  return largest
}

/** The position after a field. */
function skipField(bytes: Uint8Array, start: number, end: number, record: number, field: string): number {
  let at = start
  const byte = at < end ? bytes[at++]! : short(record)
  let length = (byte >>> 1) ^ -(byte & 1)
  if (byte >= 0x80) {
    length = longVarint(bytes, start, end)
    at = after
  }
  if (length === -1) return at
  if (length < -1 || length > end - at) refuse(record, field, `it claims ${length} bytes`)
  return at + length
}

function skipHeaders(bytes: Uint8Array, start: number, end: number, record: number): number {
  const count = longVarint(bytes, start, end)
  let at = after
  // Two bytes are the least that a header takes.
  if (count < 0 || count > (end - at) / 2) refuse(record, 'headers', `it claims ${count}`)
  for (let left = count; left > 0; left--) {
    const nameLength = longVarint(bytes, at, end)
    const nameAt = after
    if (nameLength < 0) refuse(record, 'headers', 'the name of one is null')
    if (nameLength > end - nameAt) refuse(record, 'headers', `a name claims ${nameLength} bytes`)
    checkName(bytes, nameAt, nameAt + nameLength, record)
    at = skipField(bytes, nameAt + nameLength, end, record, 'headers')
  }
  return at
}

/** Names are text for every reader; keys and values may be anything. */
function checkName(bytes: Uint8Array, at: number, end: number, record: number): void {
  for (let i = at; i < end; i++) {
    if (bytes[i]! < 0x80) continue
    try {
      names.decode(bytes.subarray(i, end))
    } catch {
      refuse(record, 'headers', 'the name of one is not UTF-8')
    }
    return
  }
}

function checkTimestamp(record: number, timestamp: Timestamp, limits: RecordLimits): void {
  if (timestamp === NO_TIMESTAMP) return
  if (!(timestamp >= MIN_TIMESTAMP && timestamp <= MAX_TIMESTAMP))
    refuse(record, 'timestampDelta', `${timestamp} is no time`)
  const { oldestTimestamp, newestTimestamp } = limits
  const rule =
    timestamp > newestTimestamp
      ? `${timestamp - newestTimestamp} ms later than the topic takes (timestampAfterMaxMs)`
      : `${oldestTimestamp - timestamp} ms older than the topic takes (timestampBeforeMaxMs)`
  throw new TailraceError('INVALID_TIMESTAMP', `Record ${record} has ${timestamp}, which is ${rule}.`)
}

/** A varint of any length; `after` is then the position after it. */
function longVarint(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 < end && bytes[at]! >= 0x80 && bytes[at + 1]! < 0x80) {
    after = at + 2
    const zigzag = (bytes[at]! & 0x7f) | (bytes[at + 1]! << 7)
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }
  const reader = new VarintReader(bytes, at, end)
  const value = reader.varint()
  after = reader.at
  return value
}

function longVarlong(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 < end && bytes[at + 1]! < 0x80) return longVarint(bytes, at, end)
  const reader = new VarintReader(bytes, at, end)
  const value = reader.varlong()
  after = reader.at
  return value
}

function short(record: number): never {
  return refuse(record, 'length', 'it ends inside of a field')
}

function refuse(record: number, field: string, why: string): never {
  throw new TailraceError('INVALID_BATCH', `Record ${record}, ${field}: ${why}.`)
}
