import { TailraceError } from '../tailrace-error.ts'
import { batchBytesAt } from './header.ts'
import { BATCH_HEADER_BYTES } from './layout.ts'

/**
 * Calls `onBatch(start, end)` for each of the batches that lie back to back in `bytes`. Only lengths are looked at.
 * @throws TailraceError INVALID_BATCH when the last batch is not whole or a length is impossible; batches before it
 * were handed out.
 */
export function forEachBatch(bytes: Uint8Array, onBatch: (start: number, end: number) => void): void {
  for (let start = 0; start < bytes.length; ) {
    const end = batchEnd(bytes, start)
    onBatch(start, end)
    start = end
  }
}

/**
 * Where the batch at `start` ends.
 * @throws TailraceError INVALID_BATCH when it is not there as a whole.
 */
export function batchEnd(bytes: Uint8Array, start: number): number {
  const left = bytes.length - start
  const length = left < BATCH_HEADER_BYTES ? BATCH_HEADER_BYTES : batchBytesAt(bytes, start)
  if (length < BATCH_HEADER_BYTES || length > left) {
    throw new TailraceError(
      'INVALID_BATCH',
      `batchLength: the batch at byte ${start} takes ${length} bytes, ${left} are left.`,
    )
  }
  return start + length
}
