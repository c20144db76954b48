import type { LogIndex } from '@tailrace/schemas'
import type { LogState } from '../log-state.ts'
import { rebuildIndex } from './index-cache.ts'
import { checkedEnd, copyBytes, knownPlace, PART, unfit, writeAll } from './repair.ts'
import { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { SparseIndex } from './sparse-index.ts'
import { soundHeader } from './verify.ts'

/**
 * Puts the entries of a sealed segment from `first` on into a segment of their own, after it in `segments`, with
 * `payloads` as the first of them: the entries before cannot be read, and are to be cut off. The new file is durable
 * when this resolves. After a crash before that cut is durable, the old one ends where the new one begins, and is found
 * to be damaged.
 * @throws RangeError for an entry in the midst of no sealed segment; TailraceError STORAGE_CORRUPT when the payloads
 * are not those entries, or the index does not tell the place of the entry after them
 */
export async function splitSegment(
  env: SegmentContext,
  folder: string,
  segments: Segment[],
  first: LogIndex,
  payloads: readonly Uint8Array[],
  state: LogState,
): Promise<void> {
  const place = segments.findIndex(({ baseIndex, lastIndex }) => baseIndex < first && first <= lastIndex)
  const segment = segments[place]
  if (segment?.sealed !== true || segment.removed) throw new RangeError(`no closed segment holds entry ${first}`)
  const next = first + payloads.length
  const behind = await knownPlace(env, segment, next)
  if (behind === null) throw unfit(segment, next)
  const head = payloads[0]
  const offset = head === undefined ? behind.offset : soundHeader(env, head, 0, head.length, first, state)?.baseOffset
  if (offset === undefined) throw unfit(segment, first)
  const end = checkedEnd(env, { position: 0, offset }, first, payloads, state)
  if (end.offset !== behind.offset || end.position > behind.position) throw unfit(segment, next)
  const part = new Segment(folder, first, offset, new SparseIndex(env.crc32c))
  await writePart(env, folder, segment, part, payloads, behind.position)
  const { lastIndex, endOffset, youngest, appendedAt } = segment
  const bytes = end.position + segment.bytes - behind.position
  Object.assign(part, { bytes, lastIndex, endOffset, youngest, appendedAt, sealed: true })
  env.space.took(bytes)
  await rebuildIndex(env, part)
  segment.bytes = behind.position - end.position
  segment.lastIndex = first - 1
  segment.endOffset = offset
  segment.index?.cut(first)
  segments.splice(place + 1, 0, part)
}

async function writePart(
  env: SegmentContext,
  folder: string,
  segment: Segment,
  part: Segment,
  payloads: readonly Uint8Array[],
  from: number,
): Promise<void> {
  const path = `${part.path}${PART}`
  await env.disk.remove(path)
  const target = await env.disk.open(path)
  try {
    const position = await writeAll(target, payloads, 0)
    await env.files.use(segment.path, (source) => copyBytes(source, target, from, segment.bytes, position))
    await target.sync()
  } finally {
    await target.close()
  }
  await env.disk.rename(path, part.path)
  await env.disk.syncFolder(folder)
}
