import type { Offset, PartitionNumber, Timestamp } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { bytesFromJson, bytesToJson, type JsonBytes, nameOf } from './value.ts'

export type Header = readonly [string, Uint8Array | null]

/** A record as a user hands it in, checked and turned into bytes. */
export interface RecordInput {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Header[]
  /** null: the key decides, or the gateway. */
  readonly partition: PartitionNumber | null
  /** null: the time of arrival. */
  readonly timestamp: Timestamp | null
}

/** A record as JSON shows it. A header name that occurs several times has an array of values. */
export interface JsonRecord {
  readonly offset: Offset
  readonly timestamp: Timestamp
  readonly key: JsonBytes
  readonly value: JsonBytes
  readonly headers: Record<string, JsonBytes | JsonBytes[]>
}

/** A record as the batch codec hands it out. */
export interface DecodedRecord {
  readonly offset: Offset
  readonly timestamp: Timestamp
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
}

const fields = new Set(['key', 'value', 'headers', 'partition', 'timestamp'])
/** The last millisecond that a JavaScript Date can show. */
const lastTimestamp = 8.64e15

/**
 * Of one request: a byte or two of JSON becomes a hundred bytes of objects, and the limit of a body counts the former.
 */
const mostRecords = 100_000
const mostHeaders = 100_000

/** Checks `records` of a publish request. Throws INVALID_RECORD that names the place. */
export function recordsFromJson(records: unknown): RecordInput[] {
  if (!Array.isArray(records))
    throw new TailraceError('INVALID_RECORD', `records is ${nameOf(records)}; send an array.`)
  if (records.length === 0) throw new TailraceError('INVALID_RECORD', 'records is empty; send at least one.')
  if (records.length > mostRecords) {
    throw new TailraceError('INVALID_RECORD', `records has ${records.length} items; send at most ${mostRecords}.`)
  }
  let headersLeft = mostHeaders
  return records.map((record, index) => {
    const input = recordFromJson(record, `records[${index}]`, headersLeft)
    headersLeft -= input.headers.length
    return input
  })
}

/** `at` names it for the reader of an error. @throws TailraceError INVALID_RECORD that names the place */
export function recordFromJson(record: unknown, at: string, headersLeft = mostHeaders): RecordInput {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new TailraceError(
      'INVALID_RECORD',
      `${at} is ${nameOf(record)}; send {"key"?, "value", "headers"?, "partition"?}.`,
    )
  }
  for (const name of Object.keys(record)) {
    if (!fields.has(name)) {
      throw new TailraceError('INVALID_RECORD', `${at}.${name} is unknown; a record has ${[...fields].join(', ')}.`)
    }
  }
  const { key, value, headers, partition, timestamp } = record as Record<string, unknown>
  if (value === undefined) {
    throw new TailraceError('INVALID_RECORD', `${at}.value is missing; send null for a record without a value.`)
  }
  return {
    key: bytesFromJson(key, `${at}.key`),
    value: bytesFromJson(value, `${at}.value`),
    headers: headersFromJson(headers, `${at}.headers`, headersLeft),
    partition: integerFromJson(partition, 2 ** 31 - 1, `${at}.partition`),
    timestamp: integerFromJson(timestamp, lastTimestamp, `${at}.timestamp`),
  }
}

function headersFromJson(headers: unknown, at: string, most: number): Header[] {
  if (headers === undefined || headers === null) return []
  if (typeof headers !== 'object' || Array.isArray(headers)) {
    throw new TailraceError('INVALID_RECORD', `${at} is ${nameOf(headers)}; send an object of names and values.`)
  }
  const pairs: Header[] = []
  for (const [name, value] of Object.entries(headers)) {
    if (!name.isWellFormed())
      throw new TailraceError('INVALID_RECORD', `${at} has a name with half of a surrogate pair.`)
    if (pairs.length + (Array.isArray(value) ? value.length : 1) > most) {
      throw new TailraceError('INVALID_RECORD', `${at}: a request may have ${mostHeaders} headers.`)
    }
    if (!Array.isArray(value)) pairs.push([name, bytesFromJson(value, `${at}.${name}`)])
    else for (const one of value) pairs.push([name, bytesFromJson(one, `${at}.${name}`)])
  }
  return pairs
}

function integerFromJson(value: unknown, max: number, at: string): number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value
  throw new TailraceError('INVALID_RECORD', `${at} must be a whole number from 0 to ${max}.`)
}

export function recordToJson(record: DecodedRecord): JsonRecord {
  return {
    offset: record.offset,
    timestamp: record.timestamp,
    key: bytesToJson(record.key),
    value: bytesToJson(record.value),
    headers: headersToJson(record.headers),
  }
}

function headersToJson(headers: readonly Header[]): Record<string, JsonBytes | JsonBytes[]> {
  // Without a prototype: a header may be called "__proto__".
  const object: Record<string, JsonBytes | JsonBytes[]> = Object.create(null)
  for (const [name, bytes] of headers) {
    const value = bytesToJson(bytes)
    const before = object[name]
    if (before === undefined) object[name] = value
    else if (Array.isArray(before)) before.push(value)
    else object[name] = [before, value]
  }
  return object
}
