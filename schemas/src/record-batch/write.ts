import { type Crc32c, crc32c } from '../crc32c.ts'
import type { ProducerId, Timestamp } from '../ids.ts'
import { TailraceError } from '../tailrace-error.ts'
import { MAX_VARINT_BYTES, MAX_VARLONG_BYTES, varintBytes, varlongBytes, writeVarint, writeVarlong } from '../varint.ts'
import * as layout from './layout.ts'
import { writeInt16, writeInt32, writeInt64 } from './numbers.ts'
import { stampProducer } from './producer.ts'
import type { HeaderInput, RecordInput } from './record.ts'

export interface FinishOptions {
  /** -1 with epoch -1 and sequence -1 for a producer that is not idempotent. */
  readonly producerId: ProducerId
  readonly producerEpoch: number
  /** Sequence of the first record. */
  readonly baseSequence: number
  readonly compression: number
  /** Compresses all records as one blob; needed when `compression` is not none. */
  readonly compress?: (bytes: Uint8Array) => Uint8Array
  readonly crc?: Crc32c
  /** Attribute bits besides compression; only brokers set any. */
  readonly attributes?: number
}

const DEFAULT_INITIAL_BYTES = 4096
/** Below this a loop over the characters is faster than the call of encodeInto (measured with Node 24). */
const SHORT_STRING = 48
/** Length, attributes, timestamp delta, offset delta, key length, value length and header count, at their longest. */
const RECORD_OVERHEAD_BYTES = 5 * MAX_VARINT_BYTES + MAX_VARLONG_BYTES + 1
/** Up to here `sizeOf` does not look at the characters of a string. */
const ESTIMATED_STRING = 1024
const NO_HEADERS: readonly HeaderInput[] = []
const encoder = new TextEncoder()

/**
 * Builds one RecordBatch v2 after the other in one buffer that grows and is kept. Records are encoded as they come, so
 * that `finish` has only the header to write. Offset deltas count from 0, timestamp deltas from the first record,
 * maxTimestamp is the largest.
 */
export class BatchWriter {
  #bytes: Uint8Array
  #at = layout.RECORDS_AT
  #count = 0
  #baseTimestamp: Timestamp = -1
  #maxTimestamp: Timestamp = -1

  constructor(initialBytes = DEFAULT_INITIAL_BYTES) {
    this.#bytes = new Uint8Array(Math.max(initialBytes, layout.BATCH_HEADER_BYTES))
  }

  /** Records appended since the last `reset`. */
  get count(): number {
    return this.#count
  }

  /** Length of the batch as it stands, header included, before compression. Exact. */
  get estimatedBytes(): number {
    return this.#at
  }

  /** Largest timestamp appended, -1 before the first. */
  get maxTimestamp(): Timestamp {
    return this.#maxTimestamp
  }

  /**
   * Upper bound of the bytes that `append` would add to `estimatedBytes`: exact but for some 36 bytes when keys and
   * values are bytes or long strings; strings up to 1,024 characters count three bytes a character, without being
   * looked at.
   */
  sizeOf(record: RecordInput): number {
    let size = RECORD_OVERHEAD_BYTES + fieldBound(record.key) + fieldBound(record.value)
    if (record.headers !== undefined) {
      for (const [name, value] of record.headers) size += 2 * MAX_VARINT_BYTES + fieldBound(name) + fieldBound(value)
    }
    return size
  }

  /**
   * @throws TailraceError INVALID_RECORD when the timestamp is no safe integer, a field is neither bytes, string nor
   * null, or a string has no UTF-8 form.
   */
  append(record: RecordInput): void {
    const { timestamp, key, value } = record
    const headers = record.headers ?? NO_HEADERS
    const timestampDelta = this.#count === 0 ? 0 : timestamp - this.#baseTimestamp
    if (!Number.isSafeInteger(timestamp) || !Number.isSafeInteger(timestampDelta)) {
      throw new TailraceError('INVALID_RECORD', `timestamp: ${timestamp} is not a safe integer near the other ones.`)
    }
    // Nearly all strings are ASCII: take them for that, and start over with real UTF-8 at the first one that is not.
    const end =
      this.#write(timestampDelta, key, value, headers) ??
      this.#write(timestampDelta, utf8(key, 'key'), utf8(value, 'value'), headers.map(utf8Header))!
    if (this.#count === 0) this.#baseTimestamp = timestamp
    if (this.#count === 0 || timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    this.#count++
    this.#at = end
  }

  /**
   * The batch, in memory of its own, with baseOffset 0 and leaderEpoch -1. May be called again; `reset` starts the next
   * batch.
   * @throws TailraceError INVALID_BATCH when no record was appended, UNSUPPORTED_COMPRESSION when `compress` is missing
   */
  finish(options: FinishOptions): Uint8Array {
    if (this.#count === 0) throw new TailraceError('INVALID_BATCH', 'recordsCount: a batch needs a record.')
    const batch = this.#withRecords(options)
    writeInt64(batch, layout.BASE_OFFSET_AT, 0)
    writeInt32(batch, layout.BATCH_LENGTH_AT, batch.length - layout.LENGTH_PREFIX_BYTES)
    writeInt32(batch, layout.LEADER_EPOCH_AT, -1)
    batch[layout.MAGIC_AT] = layout.MAGIC_V2
    writeInt16(batch, layout.ATTRIBUTES_AT, (options.attributes ?? 0) | options.compression)
    writeInt32(batch, layout.LAST_OFFSET_DELTA_AT, this.#count - 1)
    writeInt64(batch, layout.BASE_TIMESTAMP_AT, this.#baseTimestamp)
    writeInt64(batch, layout.MAX_TIMESTAMP_AT, this.#maxTimestamp)
    writeInt32(batch, layout.RECORDS_COUNT_AT, this.#count)
    stampProducer(batch, options, options.crc ?? crc32c)
    return batch
  }

  /** Forgets all records and keeps the buffer. */
  reset(): void {
    this.#at = layout.RECORDS_AT
    this.#count = 0
    this.#baseTimestamp = -1
    this.#maxTimestamp = -1
  }

  #withRecords(options: FinishOptions): Uint8Array {
    if (options.compression === layout.Compression.none) return this.#bytes.slice(0, this.#at)
    if (options.compress === undefined) {
      const name = layout.compressionName(options.compression) ?? options.compression
      throw new TailraceError('UNSUPPORTED_COMPRESSION', `There is no compressor for ${name}.`)
    }
    const records = options.compress(this.#bytes.subarray(layout.RECORDS_AT, this.#at))
    const batch = new Uint8Array(layout.BATCH_HEADER_BYTES + records.length)
    batch.set(records, layout.RECORDS_AT)
    return batch
  }

  /**
   * Writes a record after the last one. Returns where it ends, or undefined when a string turns out not to be ASCII.
   */
  #write(timestampDelta: number, key: Field, value: Field, headers: readonly HeaderInput[]): number | undefined {
    const bodyBytes =
      1 +
      varlongBytes(timestampDelta) +
      varintBytes(this.#count) +
      fieldBytes(key, 'key') +
      fieldBytes(value, 'value') +
      headersBytes(headers)
    this.#reserve(MAX_VARINT_BYTES + bodyBytes)
    const bytes = this.#bytes
    let at: number | undefined = writeVarint(bytes, this.#at, bodyBytes)
    bytes[at++] = 0
    at = writeVarlong(bytes, at, timestampDelta)
    at = writeVarint(bytes, at, this.#count)
    if ((at = writeField(bytes, at, key)) === undefined) return undefined
    if ((at = writeField(bytes, at, value)) === undefined) return undefined
    at = writeVarint(bytes, at, headers.length)
    for (const [name, headerValue] of headers) {
      if ((at = writeField(bytes, at, name)) === undefined) return undefined
      if ((at = writeField(bytes, at, headerValue)) === undefined) return undefined
    }
    return at
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
  }
}

type Field = Uint8Array | string | null

/** Bytes of a field with its length, a string taken for ASCII. */
function fieldBytes(field: Field, name: string): number {
  if (field === null) return 1
  if (typeof field !== 'string' && field?.BYTES_PER_ELEMENT !== 1) {
    throw new TailraceError('INVALID_RECORD', `${name}: neither a string nor bytes nor null.`)
  }
  return varintBytes(field.length) + field.length
}

function headersBytes(headers: readonly HeaderInput[]): number {
  let size = varintBytes(headers.length)
  for (const [name, value] of headers) {
    // The second writing passes names as bytes, hence no check for a string here; null alone must not get through.
    if (name === null) throw new TailraceError('INVALID_RECORD', 'headers: a name is null.')
    size += fieldBytes(name, 'header name') + fieldBytes(value, 'header value')
  }
  return size
}

/** Returns the position after the field, or undefined when a string is not ASCII. */
function writeField(bytes: Uint8Array, at: number, field: Field): number | undefined {
  if (field === null) {
    bytes[at] = 1
    return at + 1
  }
  const length = field.length
  const start = writeVarint(bytes, at, length)
  if (typeof field !== 'string') {
    bytes.set(field, start)
  } else if (length < SHORT_STRING) {
    for (let i = 0; i < length; i++) {
      const code = field.charCodeAt(i)
      if (code > 0x7f) return undefined
      bytes[start + i] = code
    }
  } else {
    const { read, written } = encoder.encodeInto(field, bytes.subarray(start, start + length))
    if (read !== length || written !== length) return undefined
  }
  return start + length
}

/** Half of a surrogate pair has no UTF-8 form: another text than the given one would be stored. */
function utf8(field: Field, name: string): Uint8Array | null {
  if (typeof field !== 'string') return field
  if (field.isWellFormed()) return encoder.encode(field)
  throw new TailraceError('INVALID_RECORD', `${name}: it holds half of a surrogate pair.`)
}

function utf8Header([name, value]: HeaderInput): HeaderInput {
  // A name is written like a value; the type says string for callers from outside.
  return [utf8(name, 'header name') as unknown as string, utf8(value, 'header value')]
}

function fieldBound(field: Field): number {
  if (field === null) return 0
  if (typeof field !== 'string') return field.length
  return field.length <= ESTIMATED_STRING ? 3 * field.length : encoder.encode(field).length
}
