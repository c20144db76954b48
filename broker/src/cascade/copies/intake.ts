import {
  baseOffsetAt,
  batchEnd,
  type EntryHeader,
  EntryKind,
  isControlAt,
  type LogIndex,
  lastOffsetDeltaAt,
  leaderEpochAt,
  type Offset,
  TailraceError,
  type Term,
  verifyBatch,
} from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'

/**
 * Below this a body is copied: a socket's chunk of 64 KiB would stay in memory for the few bytes of it that are needed.
 */
const copiedBelow = 16 * 1024

/** Where a copy stands. */
export interface CopyEnd {
  readonly lastIndex: LogIndex
  readonly endOffset: Offset
  readonly lastTerm: Term
}

export interface TakenBatches {
  readonly headers: readonly EntryHeader[]
  readonly payloads: readonly Uint8Array[]
  /** Bytes of whole batches that were here already. */
  readonly overlapBytes: number
}

/** The received batches do not continue the copy; asking again would give the same. */
export class CopyMismatch extends Error {
  override readonly name = 'CopyMismatch'
}

/**
 * Cuts the bytes that a source has sent into entries that follow `end`, one a batch. Batches that are here already are
 * left out; each other one must follow the one before, in offset and in term, and match its checksum.
 * @throws TailraceError CORRUPT_BATCH, INVALID_BATCH: it changed in transfer; CopyMismatch: a gap, a batch that is here
 * in part, a control batch, a term that falls
 */
export function takeBatches(body: Uint8Array, end: CopyEnd, crc: Crc32c): TakenBatches {
  const bytes = body.length < copiedBelow ? body.slice() : body
  const headers: EntryHeader[] = []
  const payloads: Uint8Array[] = []
  let { lastIndex, endOffset, lastTerm } = end
  let overlapBytes = 0
  for (let at = 0; at < bytes.length; ) {
    const stop = batchEnd(bytes, at)
    if (!verifyBatch(bytes, at, stop, crc))
      throw new TailraceError('CORRUPT_BATCH', `From the source, at ${endOffset}.`)
    const baseOffset = baseOffsetAt(bytes, at)
    const lastOffset = baseOffset + lastOffsetDeltaAt(bytes, at)
    const term = leaderEpochAt(bytes, at)
    if (lastOffset < endOffset) overlapBytes += stop - at
    else {
      checkNext(bytes, at, { baseOffset, lastOffset, term }, { endOffset, lastTerm })
      lastIndex++
      headers.push({ index: lastIndex, term, kind: EntryKind.Records, baseOffset, lastOffset, bytes: stop - at })
      payloads.push(bytes.subarray(at, stop))
      endOffset = lastOffset + 1
      lastTerm = term
    }
    at = stop
  }
  return { headers, payloads, overlapBytes }
}

function checkNext(
  bytes: Uint8Array,
  at: number,
  batch: { baseOffset: Offset; lastOffset: Offset; term: Term },
  end: { endOffset: Offset; lastTerm: Term },
): void {
  const { baseOffset, lastOffset, term } = batch
  const range = `${baseOffset} to ${lastOffset}`
  if (isControlAt(bytes, at)) throw new CopyMismatch(`the source sent a control batch at ${baseOffset}`)
  if (baseOffset > end.endOffset) throw new CopyMismatch(`a gap: ${end.endOffset} was next, and ${range} came`)
  if (baseOffset < end.endOffset)
    throw new CopyMismatch(`${range} came, of which a part is here, up to ${end.endOffset}`)
  if (lastOffset < baseOffset) throw new CopyMismatch(`a batch from ${range}`)
  if (term < end.lastTerm) throw new CopyMismatch(`term ${term} at ${baseOffset} came after term ${end.lastTerm}`)
}
