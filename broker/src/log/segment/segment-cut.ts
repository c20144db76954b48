import type { LogIndex, Offset } from '@tailrace/schemas'
import { baseOffsetAt, TailraceError } from '@tailrace/schemas'
import { scanBatches } from './batch-scan.ts'
import type { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import type { SegmentFiles } from './segment-files.ts'

const SCAN_WINDOW_BYTES = 256 * 1024

/** A truncation that the segments have not carried out yet; `endOffset` is the base offset of the entry `from`. */
export interface SegmentCut {
  readonly from: LogIndex
  readonly endOffset: Offset
}

/** Discards the entry `from`, which the last segments hold, and all after it. */
export async function cutSegments(
  env: SegmentContext,
  files: SegmentFiles,
  list: Segment[],
  cut: SegmentCut,
): Promise<void> {
  let dropped = false
  while (list.length > 1 && list[list.length - 1]!.baseIndex > cut.from) {
    await files.drop(list.pop()!)
    dropped = true
  }
  // A name that came back after a crash would stand beside the segments that take its place.
  if (dropped) await files.syncNames()
  const last = list[list.length - 1]!
  if (last.baseIndex === cut.from && last.heldBytes > 0) list[list.length - 1] = await replaceHeld(files, last)
  else await shorten(env, files, last, cut)
}

/** All of the last segment is discarded, and copies need its file. */
async function replaceHeld(files: SegmentFiles, segment: Segment): Promise<Segment> {
  await files.drop(segment)
  const fresh = await files.create(segment.baseIndex, segment.baseOffset)
  fresh.touched()
  files.written(fresh)
  return fresh
}

async function shorten(env: SegmentContext, files: SegmentFiles, segment: Segment, cut: SegmentCut): Promise<void> {
  const index = await env.indexes.load(env, segment)
  const position = await positionOf(env, segment, cut.from)
  index.cut(cut.from)
  env.indexes.forget(segment)
  segment.sealed = false
  segment.bytes = position
  segment.lastIndex = cut.from - 1
  segment.endOffset = cut.endOffset
  segment.shortened()
  files.written(segment)
  // Its index file is written from the start, so that it never holds places of two histories.
  if (segment.indexed > index.length) segment.indexed = 0
  // Bytes after the end that a copy needs stay where they are: the next entry begins another segment.
  if (segment.heldBytes > position) await files.seal(segment)
  else await env.files.use(segment.path, (file) => file.truncate(position))
}

/**
 * Where the entry begins in the segment that holds it.
 * @throws TailraceError STORAGE_CORRUPT when the batches before it cannot be told
 */
async function positionOf(env: SegmentContext, segment: Segment, entry: LogIndex): Promise<number> {
  if (entry > segment.lastIndex) return segment.bytes
  const index = await env.indexes.load(env, segment)
  const place = index.byIndex(entry)
  let next = place.index
  let offset = place.offset
  const position = await env.files.use(segment.path, (file) =>
    scanBatches(file, place.position, segment.bytes, SCAN_WINDOW_BYTES, (bytes, at) => {
      if (next === entry) return false
      next++
      offset = baseOffsetAt(bytes, at)
      return true
    }),
  )
  if (next !== entry)
    throw new TailraceError('STORAGE_CORRUPT', `${segment.path} breaks off at entry ${next}, offset ${offset}.`)
  return position
}
