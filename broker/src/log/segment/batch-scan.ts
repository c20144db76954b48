import { BATCH_HEADER_BYTES, batchBytesAt } from '@tailrace/schemas'
import type { DiskFile } from '../../platform/disk.ts'

/** Looks at the batch bytes[at, end), which stands at `position` of the file. False ends the scan before it. */
export type BatchVisitor = (bytes: Uint8Array, at: number, end: number, position: number) => boolean

/** What a scan need not read, and what it has read. */
export interface ScannedWindows {
  /** Bytes of the file from `position` on that are in memory; null: none. */
  find(position: number): Uint8Array | null
  /** These bytes are in memory now. */
  keep(bytes: Uint8Array, position: number): void
}

/**
 * Shows the batches of file[from, to), which begins with a batch, to the visitor. Reads windows of `windowBytes`, more
 * where one batch is larger; each window is memory of its own, so the visitor may keep parts of it, and begins with
 * the batch that the last one has a part of. Returns the position after the last batch that the visitor took: short of
 * `to` if it stopped or if no whole batch follows. Checks lengths only.
 */
export async function scanBatches(
  file: DiskFile,
  from: number,
  to: number,
  windowBytes: number,
  visit: BatchVisitor,
  windows?: ScannedWindows,
): Promise<number> {
  let position = from
  let wanted = windowBytes
  let rest: Uint8Array = none
  while (position + BATCH_HEADER_BYTES <= to) {
    const found = windows?.find(position)
    const isKnown = found != null && found.length > Math.max(rest.length, BATCH_HEADER_BYTES)
    const window = isKnown ? found : Buffer.allocUnsafeSlow(Math.min(wanted, to - position))
    const count = isKnown ? found.length : await fill(file, window, rest, position)
    if (!isKnown) windows?.keep(window.subarray(0, count), position)
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
    if (!isKnown && at === 0 && (count < window.length || next <= window.length)) return position
    position += at
    wanted = Math.max(windowBytes, next)
    rest = window.subarray(at, count)
  }
  return position
}

const none = new Uint8Array()

/** Returns how many bytes of the file, from `position` on, the window has; `head` are the first of them. */
async function fill(file: DiskFile, window: Uint8Array, head: Uint8Array, position: number): Promise<number> {
  if (head.length >= window.length) {
    window.set(head.subarray(0, window.length))
    return window.length
  }
  window.set(head)
  return head.length + (await file.read(window.subarray(head.length), position + head.length))
}
