import { codecs, crc32c } from '@tailrace/client'
import type { Offset } from '@tailrace/schemas'
import * as schemas from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Cursor } from './cursor.ts'

/** A batch that was received, is whole, and follows the one before it. */
export interface ReceivedBatch {
  readonly cursor: Cursor
  /** bytes[start, end) is the batch. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Records before this offset were not asked for: a broker gives whole batches. */
  readonly firstOffset: Offset
  /** Records behind this offset were not asked for either. */
  readonly lastOffset: Offset
}

/**
 * A frame below this share of the memory that its bytes lie in is copied out: kept for long, it would hold all of it.
 */
const COPY_BELOW_SHARE = 1 / 8

/**
 * Takes batches back to back, checks each against its CRC-32C and against the offset that must come next, and passes it
 * on. Batches that were received before are left out.
 * @throws TailraceError INVALID_BATCH, CORRUPT_BATCH, or STORAGE_CORRUPT for a gap in the offsets; the batches before
 * it were passed on
 */
export function receive(
  cursor: Cursor,
  body: Uint8Array,
  nextOffset: Offset,
  onBatch: (batch: ReceivedBatch) => void,
): void {
  const bytes = body.length < body.buffer.byteLength * COPY_BELOW_SHARE ? body.slice() : body
  schemas.forEachBatch(bytes, (start, end) => {
    const baseOffset = schemas.baseOffsetAt(bytes, start)
    const lastOffset = baseOffset + schemas.lastOffsetDeltaAt(bytes, start)
    const firstOffset = cursor.nextOffset ?? baseOffset
    if (lastOffset < firstOffset) return
    if (baseOffset > firstOffset) gap(cursor, baseOffset, firstOffset)
    if (!schemas.verifyBatch(bytes, start, end, crc32c)) {
      throw new TailraceError('CORRUPT_BATCH', `Partition ${cursor.partition} offset ${baseOffset}.`)
    }
    cursor.received(lastOffset + 1)
    if (firstOffset >= cursor.end) return
    onBatch({ cursor, bytes, start, end, firstOffset, lastOffset: Math.min(lastOffset, cursor.end - 1) })
  })
  // The broker counts the records that it has sent: if its count is further than ours, a batch before it did not come.
  if (cursor.nextOffset !== undefined && nextOffset > cursor.nextOffset) gap(cursor, nextOffset, cursor.nextOffset)
}

/** Whether the code that decompresses it is here. */
export function isReadable({ bytes, start }: ReceivedBatch): boolean {
  return codecs.load(schemas.compressionAt(bytes, start)) === undefined
}

/** Resolves when that code is here. @throws TailraceError UNSUPPORTED_COMPRESSION: it cannot be loaded */
export async function readable({ bytes, start }: ReceivedBatch): Promise<void> {
  await codecs.load(schemas.compressionAt(bytes, start))
}

function gap(cursor: Cursor, came: Offset, expected: Offset): never {
  throw new TailraceError(
    'STORAGE_CORRUPT',
    `Partition ${cursor.partition}: offset ${came} came where ${expected} belongs.`,
  )
}
