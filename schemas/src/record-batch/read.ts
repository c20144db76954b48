import type { Offset, Timestamp } from '../ids.ts'
import { TailraceError } from '../tailrace-error.ts'
import { VarintReader } from '../varint.ts'
import {
  attributesAt,
  type BatchHeader,
  baseOffsetAt,
  baseTimestampAt,
  compressionAt,
  lastOffsetDeltaAt,
  maxTimestampAt,
  recordsCountAt,
} from './header.ts'
import { Compression, compressionName, LOG_APPEND_TIME_BIT, MAGIC_AT, MAGIC_V2, RECORDS_AT } from './layout.ts'
import type { DecodedHeader, DecodedRecord } from './record.ts'
import { batchEnd } from './split.ts'

/**
 * By compression number. Each gives back the decompressed bytes, or throws when they are garbage or more than
 * `maxBytes`. Node's zlib gives gzip and zstd; batches with a codec that is missing here cannot be read.
 */
export type Decompressors = Partial<Record<number, (bytes: Uint8Array, maxBytes: number) => Uint8Array>>

/** The most that the records of one batch may decompress to: a batch of 1 MiB that claims more is a bomb. */
export const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024

/** What the records of a batch need of its header. */
type RecordsHeader = Pick<
  BatchHeader,
  'attributes' | 'baseOffset' | 'baseTimestamp' | 'lastOffsetDelta' | 'maxTimestamp'
>

const NO_HEADERS: readonly DecodedHeader[] = Object.freeze([])
const decoder = new TextDecoder()

/** All records of the batch that starts at `at`. See {@link readRecords}. */
export function decodeBatch(bytes: Uint8Array, at: number, codecs: Decompressors): DecodedRecord[] {
  const records: DecodedRecord[] = []
  readRecords(bytes, at, codecs, (record) => records.push(record))
  return records
}

/**
 * Calls `onRecord` for each record of the batch that starts at `at`, in order of offsets. Records are views, no copies,
 * and may be kept. The CRC is not checked. A control batch is read like any other; callers that show records to users
 * skip it.
 * @throws TailraceError UNSUPPORTED_COMPRESSION, or INVALID_BATCH when anything in the batch is malformed (records
 * before it were given)
 */
export function readRecords(
  bytes: Uint8Array,
  at: number,
  codecs: Decompressors,
  onRecord: (record: DecodedRecord) => void,
): void {
  const end = batchEnd(bytes, at)
  const magic = bytes[at + MAGIC_AT]
  if (magic !== MAGIC_V2) throw new TailraceError('INVALID_BATCH', `magic: ${magic} is not 2.`)
  const header: RecordsHeader = {
    attributes: attributesAt(bytes, at),
    baseOffset: baseOffsetAt(bytes, at),
    baseTimestamp: baseTimestampAt(bytes, at),
    lastOffsetDelta: lastOffsetDeltaAt(bytes, at),
    maxTimestamp: maxTimestampAt(bytes, at),
  }
  const compression = compressionAt(bytes, at)
  const reader =
    compression === Compression.none
      ? new VarintReader(bytes, at + RECORDS_AT, end)
      : decompressed(bytes.subarray(at + RECORDS_AT, end), compression, codecs)
  const recordsEnd = reader.end
  let lastDelta = -1
  for (let count = recordsCountAt(bytes, at); count > 0; count--) {
    lastDelta = readRecord(reader, recordsEnd, header, lastDelta, onRecord)
  }
  if (reader.at !== recordsEnd) {
    throw new TailraceError('INVALID_BATCH', `recordsCount: ${recordsEnd - reader.at} bytes follow the last record.`)
  }
}

function decompressed(blob: Uint8Array, compression: number, codecs: Decompressors): VarintReader {
  const records = decompressRecords(blob, compression, codecs, MAX_DECOMPRESSED_BYTES)
  return new VarintReader(records, 0, records.length)
}

/**
 * @throws TailraceError UNSUPPORTED_COMPRESSION, or INVALID_BATCH for garbage and for records that take more than
 * `maxBytes`
 */
export function decompressRecords(
  blob: Uint8Array,
  compression: number,
  codecs: Decompressors,
  maxBytes: number,
): Uint8Array {
  const name = compressionName(compression) ?? `number ${compression}`
  const decompress = codecs[compression]
  if (decompress === undefined)
    throw new TailraceError('UNSUPPORTED_COMPRESSION', `The batch is compressed with ${name}.`)
  try {
    return decompress(blob, maxBytes)
  } catch (cause) {
    if (cause instanceof TailraceError) throw cause
    throw new TailraceError('INVALID_BATCH', `The records cannot be decompressed (${name}).`, { cause })
  }
}

/** Reads one record and returns its offset delta. */
function readRecord(
  reader: VarintReader,
  recordsEnd: number,
  header: RecordsHeader,
  lastDelta: number,
  onRecord: (record: DecodedRecord) => void,
): number {
  reader.end = recordsEnd
  const length = reader.varint()
  const end = reader.at + length
  if (length < 0 || end > recordsEnd) throw new TailraceError('INVALID_BATCH', `A record claims ${length} bytes.`)
  reader.end = end
  reader.byte() // Attributes of a record: unused, and Kafka does not look at them either.
  const timestamp = timestampOf(header, reader.varlong())
  const delta = reader.varint()
  // Compaction leaves gaps between the deltas, hence no demand that they count up by one.
  if (delta <= lastDelta || delta > header.lastOffsetDelta) {
    throw new TailraceError(
      'INVALID_BATCH',
      `offsetDelta: ${delta} after ${lastDelta}, last ${header.lastOffsetDelta}.`,
    )
  }
  const key = readField(reader)
  const value = readField(reader)
  const headers = readHeaders(reader)
  if (reader.at !== end) throw new TailraceError('INVALID_BATCH', `A record claims ${end - reader.at} bytes too many.`)
  const offset: Offset = header.baseOffset + delta
  onRecord({ offset, timestamp, key, value, headers })
  return delta
}

function timestampOf(header: RecordsHeader, delta: number): Timestamp {
  if ((header.attributes & LOG_APPEND_TIME_BIT) !== 0) return header.maxTimestamp
  const timestamp = header.baseTimestamp + delta
  if (Number.isSafeInteger(timestamp)) return timestamp
  throw new TailraceError('INVALID_BATCH', 'timestampDelta leads outside the safe integers.')
}

function readField(reader: VarintReader): Uint8Array | null {
  const length = reader.varint()
  if (length === -1) return null
  const start = reader.at
  if (length < -1 || length > reader.end - start) {
    throw new TailraceError('INVALID_BATCH', `A field at byte ${start} claims ${length} bytes.`)
  }
  reader.at = start + length
  return reader.bytes.subarray(start, start + length)
}

function readHeaders(reader: VarintReader): readonly DecodedHeader[] {
  const count = reader.varint()
  if (count === 0) return NO_HEADERS
  // Two bytes are the least that a header takes; so a false number of them ends here and not in a long loop.
  if (count < 0 || count > (reader.end - reader.at) / 2) {
    throw new TailraceError('INVALID_BATCH', `A record claims ${count} headers.`)
  }
  const headers: DecodedHeader[] = []
  for (let i = 0; i < count; i++) {
    const name = readField(reader)
    if (name === null) throw new TailraceError('INVALID_BATCH', 'The name of a header is null.')
    headers.push([decoder.decode(name), readField(reader)])
  }
  return headers
}
