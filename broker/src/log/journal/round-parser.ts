import { verifyBatch } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import { BLOCK_BYTES, BLOCK_CONTENT_BYTES, BLOCK_HEADER_BYTES, identityAt, NO_RECORD, openBlock } from './block.ts'
import {
  isComplete,
  RECORD_HEADER_BYTES,
  type RecordHeader,
  RecordType,
  readRecordHeader,
  verifyRecord,
} from './record.ts'
import type { ScannedRound } from './scan.ts'

/** Takes a round's records in order. */
export interface RecordSink {
  /** `sound` is false when the header is right but the body is not. */
  onRecord(header: RecordHeader, body: Uint8Array, sound: boolean): void
  /** Some records, of unknown groups, cannot be read. */
  onUnreadable(): void
}

/**
 * Passes the round's records to the sink. Bodies are parts of the round's own memory. In a sound round the blocks'
 * checksums stand for all; in one that is not, each record has to prove itself, and reading resumes at the next sound
 * block after an unreadable record. A block that is another's, sound or not, was here before a write that was lost: its
 * records are not the round's. Only a sound last block tells the length of the round.
 */
export function parseRound(round: ScannedRound, crc: Crc32c, sink: RecordSink): void {
  const { stream, resume, endKnown } = joinBlocks(round, crc)
  // Whether the sink knows of all records that it is not given.
  let allTold = endKnown
  let at = 0
  while (at + RECORD_HEADER_BYTES <= stream.length) {
    const header = readRecordHeader(stream, at)
    const bodyAt = at + RECORD_HEADER_BYTES
    const end = bodyAt + header.bodyBytes
    const readable = end <= stream.length && (round.sound || verifyRecord(stream, at, header, crc))
    if (readable) {
      const body = stream.subarray(bodyAt, end)
      const sound = round.sound || header.type !== RecordType.Entry || verifyBatch(stream, bodyAt, end, crc)
      if (isComplete(header, body)) sink.onRecord(header, body, sound)
      else sink.onUnreadable()
      at = end
      continue
    }
    allTold = true
    sink.onUnreadable()
    at = resume.find((place) => place > at) ?? stream.length
  }
  // The rest is too short for a record: the lengths of an unsound round cannot be trusted.
  if (at < stream.length || !allTold) sink.onUnreadable()
}

/** The blocks' contents without their headers, moved together in place; and where records begin in sound blocks. */
function joinBlocks(round: ScannedRound, crc: Crc32c): { stream: Uint8Array; resume: number[]; endKnown: boolean } {
  const { bytes, sound } = round
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const resume: number[] = []
  let length = 0
  let endKnown = sound
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const header = sound ? null : openBlock(bytes, at, crc)
    const { sequence, epoch } = identityAt(bytes, at)
    const isInPlace = sequence === round.sequence + at / BLOCK_BYTES && epoch >= round.epoch
    const isOwn = header !== null && isInPlace
    const last = at + BLOCK_BYTES === bytes.length
    const used = Math.min(view.getUint16(at + 28, true), BLOCK_CONTENT_BYTES)
    if (!sound && !isInPlace) bytes.fill(0, at, at + BLOCK_BYTES)
    // All blocks of a round but its last are full, whatever a rotten header says.
    const content = sound || isOwn || last ? used : BLOCK_CONTENT_BYTES
    if (isOwn && header.firstRecord !== NO_RECORD) resume.push(length + header.firstRecord)
    bytes.copyWithin(length, at + BLOCK_HEADER_BYTES, at + BLOCK_HEADER_BYTES + content)
    length += content
    endKnown = sound || (last && isOwn)
  }
  return { stream: bytes.subarray(0, length), resume, endKnown }
}
