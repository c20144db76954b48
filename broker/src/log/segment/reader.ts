import type { EntryHeader, LogIndex, Offset, Timestamp } from '@tailrace/schemas'
import { baseOffsetAt, EntryKind, maxTimestampAt, TailraceError, verifyBatch } from '@tailrace/schemas'
import { DiskError } from '../../platform/disk.ts'
import { entryHeaderAt } from '../entry-header.ts'
import type { LogState } from '../log-state.ts'
import type { CorruptRange, EntryRun, RecordRun } from '../log-storage.ts'
import { type ScannedWindows, scanBatches } from './batch-scan.ts'
import type { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import type { IndexPlace } from './sparse-index.ts'

const LARGEST_READ_BYTES = 1024 * 1024
const SMALLEST_READ_BYTES = 64 * 1024

/** The part of a group's segments that may be read at one moment: entries up to `readable`. */
export interface SegmentView {
  readonly env: SegmentContext
  readonly segments: readonly Segment[]
  readonly readable: LogIndex
  readonly state: LogState
  /** Of the log, when the view was taken. */
  readonly generation: number
  /**
   * Called with the first entries that a read has found not to be as written, up to the next known place in the
   * segment.
   */
  found: CorruptRange | null
}

/**
 * Entries from `from` on out of one segment. Each is checked: its CRC, and the fields that the CRC does not cover
 * against the log's state.
 * @throws TailraceError STORAGE_CORRUPT when the first entry wanted cannot be told or is not as written
 */
export async function readEntries(view: SegmentView, from: LogIndex, maxBytes: number): Promise<EntryRun> {
  const headers: EntryHeader[] = []
  const payloads: Uint8Array[] = []
  const segment = segmentOf(view.segments, from)
  if (segment === undefined || segment.removed || from > view.readable) return { headers, payloads }
  const place = await placeOf(view, segment, { index: from })
  let bytes = 0
  try {
    await walkOn(view, segment, place, maxBytes, (header, batch) => {
      if (header.index < from) return true
      bytes += batch.length
      if (bytes > maxBytes && headers.length > 0) return false
      headers.push(header)
      payloads.push(batch)
      return true
    })
  } catch (error) {
    // Entries before the rotten place are good.
    if (headers.length === 0 || view.found === null) throw error
  }
  if (headers.length === 0) throw corrupt(segment, `Entry ${from} is not where it should be.`)
  return { headers, payloads }
}

/**
 * Like GroupLog.readRecords, as far as segments go.
 * @throws TailraceError STORAGE_CORRUPT
 */
export async function readRecords(
  view: SegmentView,
  offset: Offset,
  limit: Offset,
  maxBytes: number,
): Promise<RecordRun> {
  const batches: Uint8Array[] = []
  let bytes = 0
  let nextOffset = offset
  for (const segment of view.segments) {
    if (segment.removed || segment.endOffset <= nextOffset || segment.baseIndex > view.readable) continue
    const place = await placeOf(view, segment, { offset: nextOffset })
    let full = false
    try {
      await walkOn(view, segment, place, maxBytes - bytes, (header, batch) => {
        if (header.lastOffset < nextOffset || header.kind !== EntryKind.Records) return true
        full = header.lastOffset >= limit || (batches.length > 0 && bytes + batch.length > maxBytes)
        if (full) return false
        batches.push(batch)
        bytes += batch.length
        nextOffset = header.lastOffset + 1
        return true
      })
    } catch (error) {
      if (bytes === 0 || view.found === null) throw error
    }
    if (full || bytes > 0) break
  }
  return { batches, bytes, nextOffset }
}

/**
 * Base offset of the first batch that ends at `from` or after it and has a record as young as `timestamp`, below
 * `limit`; or null.
 */
export async function findTime(
  view: SegmentView,
  timestamp: Timestamp,
  limit: Offset,
  from: Offset,
): Promise<Offset | null> {
  for (const segment of view.segments) {
    if (segment.removed || segment.youngest < timestamp || segment.baseIndex > view.readable) continue
    if (segment.baseOffset >= limit) return null
    const place = (await view.env.indexes.load(view.env, segment)).byTime(timestamp)
    let found: Offset | null = null
    await walk(view, segment, place, LARGEST_READ_BYTES, (header, batch) => {
      const isWanted = header.kind === EntryKind.Records && header.lastOffset >= from
      if (!isWanted || maxTimestampAt(batch, 0) < timestamp) return true
      found = header.baseOffset
      return false
    })
    if (found !== null) return found < limit ? found : null
  }
  return null
}

/**
 * Verifies entries of a segment from `from` on, about `maxBytes`, and at least one. A rotten place ends it and is told
 * by `view.found`.
 */
export async function verifyEntries(
  view: SegmentView,
  segment: Segment,
  from: LogIndex,
  maxBytes: number,
): Promise<{ readonly bytes: number; readonly next: LogIndex }> {
  const place = (await view.env.indexes.load(view.env, segment)).byIndex(from)
  let bytes = 0
  let next = from
  try {
    await walk(view, segment, place, maxBytes, (header, batch) => {
      if (header.index < from) return true
      if (bytes >= maxBytes) return false
      bytes += batch.length
      next = header.index + 1
      return true
    })
  } catch (error) {
    if (view.found === null) throw error
  }
  return { bytes, next: view.found === null ? next : view.found.to + 1 }
}

/** The last segment that begins at or before the entry. */
function segmentOf(segments: readonly Segment[], index: LogIndex): Segment | undefined {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (segments[middle]!.baseIndex <= index) low = middle + 1
    else high = middle
  }
  return segments[low - 1]
}

/** Where an earlier read has ended, or the last place before it that the index has. */
async function placeOf(
  view: SegmentView,
  segment: Segment,
  wanted: { readonly index: LogIndex } | { readonly offset: Offset },
): Promise<IndexPlace> {
  const known = view.env.windows.placeOf(segment, view.generation, wanted)
  if (known !== null) return known
  const index = await view.env.indexes.load(view.env, segment)
  return 'index' in wanted ? index.byIndex(wanted.index) : index.byOffset(wanted.offset)
}

type EntryVisitor = (header: EntryHeader, batch: Uint8Array) => boolean

/**
 * As `walk`, for readers that come back for what follows: where it ends is remembered. From there on reads are large,
 * and what is in memory is not read again.
 */
async function walkOn(
  view: SegmentView,
  segment: Segment,
  place: IndexPlace,
  wantedBytes: number,
  visit: EntryVisitor,
): Promise<void> {
  const { windows, indexInterval } = view.env
  const comesBack = windows.placeOf(segment, view.generation, place) !== null
  const wanted = comesBack ? LARGEST_READ_BYTES : windowOf(wantedBytes, indexInterval)
  let reached = place
  let isFromMemory = false
  const find = (position: number) => {
    const known = windows.find(segment, view.generation, position)
    isFromMemory ||= known !== null
    return known
  }
  for (const known of [find, () => null]) {
    const keep = (bytes: Uint8Array, position: number) => {
      if (comesBack) windows.keep(segment, view.generation, position, bytes)
    }
    try {
      await scanEntries(view, segment, reached, wanted, { find: known, keep }, (header, batch, next) => {
        if (!visit(header, batch)) {
          windows.ended(segment, view.generation, reached)
          return false
        }
        reached = next
        return true
      })
      return
    } catch (error) {
      windows.forget(segment)
      // The bytes in memory may be older than a repair of the file.
      if (known !== find || !isFromMemory) throw error
      view.found = null
    }
  }
}

/** Shows the readable entries from `place` to the segment's end, read from the disk, until `visit` says no. */
function walk(
  view: SegmentView,
  segment: Segment,
  place: IndexPlace,
  wantedBytes: number,
  visit: EntryVisitor,
): Promise<void> {
  return scanEntries(view, segment, place, windowOf(wantedBytes, view.env.indexInterval), undefined, visit)
}

function windowOf(wantedBytes: number, indexInterval: number): number {
  return Math.min(Math.max(wantedBytes + indexInterval, SMALLEST_READ_BYTES), LARGEST_READ_BYTES)
}

/** Shows each entry checked, with the place behind it. */
async function scanEntries(
  view: SegmentView,
  segment: Segment,
  place: IndexPlace,
  windowBytes: number,
  windows: ScannedWindows | undefined,
  visit: (header: EntryHeader, batch: Uint8Array, next: IndexPlace) => boolean,
): Promise<void> {
  // The present entries of the segment: it may grow while it is read.
  const last = Math.min(view.readable, segment.lastIndex)
  let { index, offset } = place
  let stopped = false
  if (segment.removed) return
  try {
    await view.env.files.use(segment.path, (file) =>
      scanBatches(
        file,
        place.position,
        segment.bytes,
        windowBytes,
        (bytes, at, end, position) => {
          if (index > last) return false
          const header = checkedHeader(view, segment, bytes, at, end, index, offset)
          const next = { index: index + 1, offset: header.lastOffset + 1, position: position + end - at }
          stopped = !visit(header, bytes.subarray(at, end), next)
          if (stopped) return false
          index = next.index
          offset = next.offset
          return true
        },
        windows,
      ),
    )
    if (!stopped && index <= last) throw corrupt(segment, `It breaks off before entry ${index}.`)
  } catch (error) {
    // A sector that the disk cannot read is as rotten as one with other bytes.
    const unreadable = error instanceof DiskError && error.kind === 'failed'
    if (!unreadable && !(error instanceof TailraceError)) throw error
    view.found = {
      from: index,
      to: Math.min(segment.index?.lastBeforeNext(index) ?? segment.lastIndex, segment.lastIndex),
    }
    throw unreadable ? corrupt(segment, `Entry ${index} cannot be read: ${error.message}`) : error
  }
}

function checkedHeader(
  view: SegmentView,
  segment: Segment,
  bytes: Uint8Array,
  at: number,
  end: number,
  index: LogIndex,
  offset: Offset,
): EntryHeader {
  if (!verifyBatch(bytes, at, end, view.env.crc32c) || baseOffsetAt(bytes, at) !== offset) {
    throw corrupt(segment, `The batch of entry ${index}, offset ${offset}, is not as it was written.`)
  }
  const header = entryHeaderAt(bytes, at, end, index)
  if (header.term !== view.state.termAt(index))
    throw corrupt(segment, `The term of entry ${index} is not as it was written.`)
  return header
}

function corrupt(segment: Segment, detail: string): TailraceError {
  return new TailraceError('STORAGE_CORRUPT', `${segment.path}: ${detail}`)
}
