import { BATCH_HEADER_BYTES, batchBytesAt } from '@tailrace/schemas'
import type { DiskFile } from '../../platform/disk.ts'

/** Looks at the batch bytes[at, end), which stands at `position` of the file. False ends the scan before it. */
export type BatchVisitor = (bytes: Uint8Array, at: number, end: number, position: number) => boolean

/**
 * Shows the batches of file[from, to), which begins with a batch, to the visitor. Reads windows of `windowBytes`, more
 * where one batch is larger; each window is memory of its own, so the visitor may keep parts of it. Returns the
 * position after the last batch that the visitor took: short of `to` if it stopped or if no whole batch follows. Checks
 * lengths only.
 */
export async function scanBatches(
  file: DiskFile,
  from: number,
  to: number,
  windowBytes: number,
  visit: BatchVisitor,
): Promise<number> {
  let position = from
  let wanted = windowBytes
  while (position + BATCH_HEADER_BYTES <= to) {
    const window = Buffer.allocUnsafeSlow(Math.min(wanted, to - position))
    const count = await file.read(window, position)
    let at = 0
    let next = BATCH_HEADER_BYTES
    while (at + BATCH_HEADER_BYTES <= count) {
      const length = batchBytesAt(window, at)
      if (length < BATCH_HEADER_BYTES || position + at + length > to) return position + at
      next = length
      if (at + length > count) break
      if (!visit(window, at, at + length, position + at)) return position + at
      at += length
      next = BATCH_HEADER_BYTES
    }
    // The file is shorter than it should be, or this one batch is larger than the window.
    if (at === 0 && (count < window.length || next <= window.length)) return position
    position += at
    wanted = Math.max(windowBytes, next)
  }
  return position
}
