import type { LogIndex } from '@tailrace/schemas'
import { TailraceError, verifyBatch } from '@tailrace/schemas'
import { headerOrNull } from '../entry-header.ts'
import type { ReplayedGroup } from '../journal/replayed-group.ts'
import { refuseNewerControl } from '../newer-batch.ts'
import { scanBatches } from './batch-scan.ts'
import { readIndex } from './index-cache.ts'
import { finishRepairs } from './repair.ts'
import { parseSegmentName, restoreSegment, Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { HELD } from './segment-files.ts'
import { SparseIndex } from './sparse-index.ts'

const SCAN_WINDOW_BYTES = 1024 * 1024

export interface RestoredSegments {
  readonly segments: Segment[]
  /** The segments differ from the checkpoint, so the next one has to look at the group. */
  readonly changed: boolean
}

/**
 * Finds a group's segments, up to the entry `inSegments` of its replayed state. Sealed segments that the checkpoint
 * knows are taken as they are; the last one is read from its last indexed place on; younger ones, which exist because
 * the journal refers to later entries, as a whole. Files after them are removed: their entries are in the journal, or
 * have been truncated. `found`: the names in the folder. Where bytes are not as written, the group's state is cut back
 * to the readable entries and its damage noted.
 */
export async function restoreSegments(
  env: SegmentContext,
  folder: string,
  found: readonly string[],
  group: ReplayedGroup,
): Promise<RestoredSegments> {
  const wanted = group.inSegments
  await finishRepairs(env.disk, folder, found)
  const names = await env.disk.list(folder)
  for (const name of names) if (name.includes(HELD)) await env.disk.remove(`${folder}/${name}`)
  const segmentNames = names.map(parseSegmentName).filter((name) => name !== null)
  segmentNames.sort((a, b) => a.baseIndex - b.baseIndex)
  const known = new Map(group.segments.map((record) => [record[0], record]))
  const segments: Segment[] = []
  let changed = false
  for (const { baseIndex, baseOffset } of segmentNames) {
    const record = known.get(baseIndex)
    const segment =
      record?.[1] === baseOffset
        ? restoreSegment(folder, record, env.crc32c, env.now())
        : new Segment(folder, baseIndex, baseOffset, new SparseIndex(env.crc32c))
    // After the entries that segments have to hold, or cut off at the log's start.
    if (baseIndex > wanted || baseIndex <= group.state.prevIndex) {
      await env.disk.remove(segment.path)
      await env.disk.remove(segment.indexPath)
      changed = true
    } else segments.push(segment)
  }
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!
    const end = i + 1 < segments.length ? segments[i + 1]!.baseIndex - 1 : wanted
    const size = await env.disk.size(segment.path)
    if (segment.sealed && segment.lastIndex === end && size !== null && size >= segment.bytes) continue
    changed ||= segment.lastIndex !== end
    await readUpTo(env, segment, end, group, Math.min(segment.lastIndex, end))
    // The batch that does not fit may be sound, and the one before it have a wrong offset: then all of them are
    // checked.
    if (segment.lastIndex < end) await readUpTo(env, segment, end, group, 0)
    segment.sealed = i + 1 < segments.length
  }
  const reached = reachable(group, segments)
  for (const lost of segments.splice(reached)) await env.disk.rename(lost.path, `${lost.path}.damaged`)
  return { segments, changed }
}

/**
 * Reads the segment from its last indexed place until the entry `end`, and makes it end there. Batches up to `trusted`
 * are not checked.
 */
async function readUpTo(
  env: SegmentContext,
  segment: Segment,
  end: LogIndex,
  group: ReplayedGroup,
  trusted: LogIndex,
): Promise<void> {
  const index = (segment.indexed > 0 ? await readIndex(env, segment) : null) ?? new SparseIndex(env.crc32c)
  index.cut(end + 1)
  const size = (await env.disk.size(segment.path)) ?? 0
  // A file may be shorter than it was when its index was written.
  while (index.lastPosition > size) index.cut(index.byIndex(end).index)
  const start = index.length === 0 ? null : index.byIndex(end)
  const youngest = start === null ? -1 : index.timeAt(start)
  if (segment.indexed > index.length) segment.indexed = 0
  if (start !== null) index.cut(start.index)
  segment.index = index
  segment.youngest = youngest
  segment.bytes = start?.position ?? 0
  segment.lastIndex = (start?.index ?? segment.baseIndex) - 1
  segment.endOffset = start?.offset ?? segment.baseOffset
  await env.files.use(segment.path, (file) =>
    scanBatches(file, segment.bytes, size, SCAN_WINDOW_BYTES, (bytes, at, stop) => {
      const next = segment.lastIndex + 1
      if (next > end) return false
      // Bytes that the checkpoint has synced are checked when they are read; younger bytes were promised by a reference
      // in the journal.
      if (next > trusted && !verifyBatch(bytes, at, stop, env.crc32c)) return false
      const header = headerOrNull(bytes, at, stop, next)
      if (header === null && verifyBatch(bytes, at, stop, env.crc32c))
        refuseNewerControl(bytes.subarray(at, stop), segment.path)
      if (header === null || header.baseOffset !== segment.endOffset || header.term !== group.state.termAt(next))
        return false
      return isAdded(segment, header, bytes, at, env.indexInterval)
    }),
  )
  segment.overhangs = size > segment.bytes
  if (segment.overhangs || segment.lastIndex > trusted) segment.touched()
  // Entries after the checkpoint were appended later than it says; the time is not known.
  if (segment.lastIndex > trusted || segment.appendedAt === 0) segment.appendedAt = env.now()
  if (index.length < segment.indexed) segment.indexed = 0
}

/** False where even the batch's timestamp cannot be read. */
function isAdded(...[segment, ...batch]: [Segment, ...Parameters<Segment['add']>]): boolean {
  try {
    segment.add(...batch)
    return true
  } catch (error) {
    if (error instanceof TailraceError) return false
    throw error
  }
}

/**
 * How many segments follow on each other from the log's start. The log cannot continue after a gap: entries that they
 * do not reach are cut off the state, and may have been acknowledged.
 */
function reachable(group: ReplayedGroup, segments: readonly Segment[]): number {
  let next = group.state.prevIndex + 1
  let endOffset = group.state.startOffset
  let count = 0
  while (count < segments.length && segments[count]!.baseIndex === next && segments[count]!.baseOffset === endOffset) {
    const segment = segments[count++]!
    next = segment.lastIndex + 1
    endOffset = segment.endOffset
  }
  if (next <= group.inSegments) {
    group.markDamage(next, 'a segment is missing or ends too early')
    group.keepOnly(next - 1, endOffset)
  }
  return count
}
