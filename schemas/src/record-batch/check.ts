import type { Crc32c } from '../crc32c.ts'
import { TailraceError } from '../tailrace-error.ts'
import * as header from './header.ts'
import * as layout from './layout.ts'

const ALLOWED_BITS = layout.COMPRESSION_MASK

/**
 * Everything that a leader checks of a producer's batch (Kafka: LogValidator, DefaultRecordBatch), from the header and
 * the CRC alone: records are not walked. `bytes` must hold exactly one batch. baseOffset and leaderEpoch may be
 * anything, the broker overwrites them; with producerId -1 epoch and sequence may be anything too, since some Kafka
 * clients send 0 there.
 * @param maxBytes the longest batch that the topic takes, header included
 * @throws TailraceError BATCH_TOO_LARGE, CORRUPT_BATCH, or INVALID_BATCH with a detail that names the field
 */
export function checkBatch(bytes: Uint8Array, crc: Crc32c, maxBytes: number): void {
  if (bytes.length > maxBytes) {
    throw new TailraceError('BATCH_TOO_LARGE', `It has ${bytes.length} bytes, ${maxBytes} are allowed.`)
  }
  if (bytes.length < layout.BATCH_HEADER_BYTES) refuse('length', `${bytes.length} bytes are less than a header`)
  const magic = bytes[layout.MAGIC_AT]!
  if (magic !== layout.MAGIC_V2) refuse('magic', `${magic} is not 2`)
  const batchBytes = header.batchBytesAt(bytes, 0)
  if (batchBytes !== bytes.length) refuse('batchLength', `it says ${batchBytes} bytes, there are ${bytes.length}`)
  const expected = header.crcAt(bytes, 0)
  const actual = crc(bytes, layout.ATTRIBUTES_AT, bytes.length)
  if (actual !== expected) {
    throw new TailraceError(
      'CORRUPT_BATCH',
      `crc says ${expected.toString(16)}, the bytes give ${actual.toString(16)}.`,
    )
  }
  checkAttributes(header.attributesAt(bytes, 0))
  checkCounts(bytes)
  checkProducer(bytes)
  header.baseTimestampAt(bytes, 0)
  header.maxTimestampAt(bytes, 0)
}

/**
 * Whether bytes[at, end) is one whole batch as its producer made it. For batches from disk or from the leader, which
 * were checked on arrival: length, magic and CRC only.
 */
export function verifyBatch(bytes: Uint8Array, at: number, end: number, crc: Crc32c): boolean {
  return (
    end <= bytes.length &&
    end - at >= layout.BATCH_HEADER_BYTES &&
    header.batchBytesAt(bytes, at) === end - at &&
    bytes[at + layout.MAGIC_AT] === layout.MAGIC_V2 &&
    crc(bytes, at + layout.ATTRIBUTES_AT, end) === header.crcAt(bytes, at)
  )
}

function checkAttributes(attributes: number): void {
  if ((attributes & layout.CONTROL_BIT) !== 0) refuse('attributes', 'only brokers write control batches')
  if ((attributes & layout.TRANSACTIONAL_BIT) !== 0) refuse('attributes', 'transactions are not supported')
  if ((attributes & layout.LOG_APPEND_TIME_BIT) !== 0) refuse('attributes', 'only brokers set LogAppendTime')
  if ((attributes & ~ALLOWED_BITS) !== 0)
    refuse('attributes', `0x${(attributes & 0xffff).toString(16)} has unknown bits`)
  const compression = attributes & layout.COMPRESSION_MASK
  if (layout.compressionName(compression) === undefined)
    refuse('attributes', `compression ${compression} does not exist`)
}

function checkCounts(bytes: Uint8Array): void {
  const count = header.recordsCountAt(bytes, 0)
  if (count < 1) refuse('recordsCount', `${count} is less than 1`)
  const delta = header.lastOffsetDeltaAt(bytes, 0)
  if (delta !== count - 1) refuse('lastOffsetDelta', `${delta} does not belong to ${count} records`)
  const compressed = (header.attributesAt(bytes, 0) & layout.COMPRESSION_MASK) !== layout.Compression.none
  // A false count would take as many offsets; without compression the length alone shows it.
  if (!compressed && count > (bytes.length - layout.BATCH_HEADER_BYTES) / layout.MIN_RECORD_BYTES) {
    refuse('recordsCount', `${count} records do not fit into ${bytes.length} bytes`)
  }
}

function checkProducer(bytes: Uint8Array): void {
  const producerId = header.producerIdAt(bytes, 0)
  if (producerId < -1) refuse('producerId', `${producerId} is less than -1`)
  if (producerId === -1) return
  const epoch = header.producerEpochAt(bytes, 0)
  if (epoch < 0) refuse('producerEpoch', `${epoch} is negative although producerId is set`)
  const sequence = header.baseSequenceAt(bytes, 0)
  if (sequence < 0) refuse('baseSequence', `${sequence} is negative although producerId is set`)
}

function refuse(field: string, why: string): never {
  throw new TailraceError('INVALID_BATCH', `${field}: ${why}.`)
}
