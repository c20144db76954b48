import type { EntryHeader, LogIndex } from '@tailrace/schemas'
import { EntryKind, TailraceError, verifyBatch } from '@tailrace/schemas'
import { headerOrNull } from '../entry-header.ts'
import type { LogState } from '../log-state.ts'
import { scanBatches } from './batch-scan.ts'
import { parseSegmentName, Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { SparseIndex } from './sparse-index.ts'

const SCAN_WINDOW_BYTES = 1024 * 1024

/**
 * A new segment object for a file that was received, with nothing noted yet.
 * @throws RangeError when the name is not a segment's
 */
export function receivedSegment(env: SegmentContext, folder: string, name: string): Segment {
  const parsed = parseSegmentName(name)
  if (parsed === null) throw new RangeError(`${name} is not a segment's name`)
  return new Segment(folder, parsed.baseIndex, parsed.baseOffset, new SparseIndex(env.crc32c))
}

/**
 * Notes in the segment the batches of its file, up to `bytes`, that are sound and are the entries of the log `state`
 * there: checksum, offset, term, configuration. Stops before the first that is not, so that `segment.bytes` is the size
 * of the good part.
 */
export async function noteSound(env: SegmentContext, segment: Segment, bytes: number, state: LogState): Promise<void> {
  await env.files.use(segment.path, (file) =>
    scanBatches(file, 0, bytes, SCAN_WINDOW_BYTES, (window, at, end) => {
      const header = soundHeader(env, window, at, end, segment.lastIndex + 1, state)
      if (header === null || header.baseOffset !== segment.endOffset) return false
      segment.add(header, window, at, env.indexInterval)
      return true
    }),
  )
}

/** The header of a batch that is as it was written and is entry `index` of the log; null if it is not. */
export function soundHeader(
  env: Pick<SegmentContext, 'crc32c'>,
  bytes: Uint8Array,
  at: number,
  end: number,
  index: LogIndex,
  state: LogState,
): EntryHeader | null {
  if (index > state.lastIndex || !verifyBatch(bytes, at, end, env.crc32c)) return null
  const header = headerOrNull(bytes, at, end, index)
  if (header === null || header.term !== state.termAt(index)) return null
  if (header.kind !== EntryKind.Configuration) return header
  const known = state.configurations.find((configuration) => configuration.index === index)
  const same = known !== undefined && Buffer.compare(known.batch, bytes.subarray(at, end)) === 0
  return same ? header : null
}

/** Whether the segments are the entries from the log's start to its end, without a gap. */
export function hangsTogether(segments: readonly Segment[], state: LogState): boolean {
  let next = state.prevIndex + 1
  let offset = state.startOffset
  for (const segment of segments) {
    if (segment.baseIndex !== next || segment.baseOffset !== offset || segment.bytes === 0) return false
    next = segment.lastIndex + 1
    offset = segment.endOffset
  }
  return next === state.lastIndex + 1 && offset === state.endOffset
}

/** @throws TailraceError STORAGE_CORRUPT when a log's description contradicts itself */
export function checkDescription(state: LogState, lastTerm: number): void {
  const { prevIndex, prevTerm, startOffset, lastIndex, endOffset, terms, configurations } = state
  const empty = lastIndex === prevIndex
  let sound = empty ? terms.length === 0 && endOffset === startOffset : terms[0]?.index === prevIndex + 1
  sound &&= lastIndex >= prevIndex && endOffset >= startOffset && state.lastTerm === lastTerm
  for (const [i, { term, index }] of terms.entries()) {
    const before = terms[i - 1]
    sound &&=
      index <= lastIndex && (before === undefined ? term >= prevTerm : term > before.term && index > before.index)
  }
  for (const [i, { index }] of configurations.entries()) {
    sound &&= index <= lastIndex && (i === 0 || index > Math.max(prevIndex, configurations[i - 1]!.index))
  }
  if (!sound)
    throw new TailraceError('STORAGE_CORRUPT', 'The description of a log that was to be received contradicts itself.')
}
