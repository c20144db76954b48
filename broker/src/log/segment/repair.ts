import type { LogIndex, Offset } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Disk, DiskFile } from '../../platform/disk.ts'
import type { LogState } from '../log-state.ts'
import { scanBatches } from './batch-scan.ts'
import { rebuildIndex } from './index-cache.ts'
import type { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { soundHeader } from './verify.ts'

const CHUNK_BYTES = 1024 * 1024
export const PART = '.repair-part'
export const WHOLE = '.repair'
export const ROTTEN = '.corrupt'

export interface Place {
  readonly position: number
  readonly offset: Offset
}

/**
 * Writes the segment anew with `payloads` as the entries from `first` on, and puts it in the place of the rotten file,
 * which is kept beside it (only the first one: later repairs replace a file that is mostly good). Not at the same time
 * as anything else that changes the segment.
 * @throws TailraceError STORAGE_CORRUPT when the payloads are not those entries
 */
export async function repairSegment(
  env: SegmentContext,
  folder: string,
  segment: Segment,
  first: LogIndex,
  payloads: readonly Uint8Array[],
  state: LogState,
): Promise<void> {
  const start = await placeOf(env, segment, first, state)
  const end = checkedEnd(env, start, first, payloads, state)
  const next = first + payloads.length
  const known = await knownPlace(env, segment, next)
  if (known !== null && (known.position !== end.position || known.offset !== end.offset)) throw unfit(segment, next)
  await writeRepaired(env, segment, payloads, start.position)
  await swap(env, folder, segment.path)
  // An index made from the rotten file ends where that could not be read.
  if (segment.sealed && next > segment.lastIndex) await rebuildIndex(env, segment)
}

/** Ends a repair that a crash has interrupted: a complete file takes its place, an incomplete one is removed. */
export async function finishRepairs(disk: Disk, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = `${folder}/${name}`
    if (name.endsWith(PART)) await disk.remove(path)
    if (!name.endsWith(WHOLE)) continue
    await disk.rename(path, path.slice(0, -WHOLE.length))
    await disk.syncFolder(folder)
  }
}

/** Where the entry begins; all before it since the last indexed place are sound. */
async function placeOf(env: SegmentContext, segment: Segment, first: LogIndex, state: LogState): Promise<Place> {
  const place = (await env.indexes.load(env, segment)).byIndex(first)
  let { index, offset } = place
  const position = await env.files.use(segment.path, (file) =>
    scanBatches(file, place.position, segment.bytes, CHUNK_BYTES, (bytes, at, end) => {
      const header = index < first ? soundHeader(env, bytes, at, end, index, state) : null
      if (header === null || header.baseOffset !== offset) return false
      index++
      offset = header.lastOffset + 1
      return true
    }),
  )
  if (index !== first) throw unfit(segment, index)
  return { position, offset }
}

/** Where the entry begins, if that can be told without reading rotten bytes. */
export async function knownPlace(env: SegmentContext, segment: Segment, entry: LogIndex): Promise<Place | null> {
  if (entry > segment.lastIndex) return { position: segment.bytes, offset: segment.endOffset }
  const place = (await env.indexes.load(env, segment)).byIndex(entry)
  return place.index === entry ? place : null
}

export function checkedEnd(
  env: SegmentContext,
  start: Place,
  first: LogIndex,
  payloads: readonly Uint8Array[],
  state: LogState,
): Place {
  let { position, offset } = start
  for (const [i, payload] of payloads.entries()) {
    const header = soundHeader(env, payload, 0, payload.length, first + i, state)
    if (header === null || header.baseOffset !== offset) {
      throw new TailraceError('STORAGE_CORRUPT', `The batch that was given for entry ${first + i} is not that entry.`)
    }
    position += payload.length
    offset = header.lastOffset + 1
  }
  return { position, offset }
}

async function writeRepaired(
  env: SegmentContext,
  segment: Segment,
  payloads: readonly Uint8Array[],
  start: number,
): Promise<void> {
  const path = `${segment.path}${PART}`
  await env.disk.remove(path)
  const target = await env.disk.open(path)
  try {
    await env.files.use(segment.path, (source) => copyBytes(source, target, 0, start))
    const position = await writeAll(target, payloads, start)
    await env.files.use(segment.path, (source) => copyBytes(source, target, position, segment.bytes))
    await target.sync()
  } finally {
    await target.close()
  }
}

/** Writes the payloads back to back from `start` on. Resolves with the place after them. */
export async function writeAll(target: DiskFile, payloads: readonly Uint8Array[], start: number): Promise<number> {
  let position = start
  for (const payload of payloads) {
    await target.write([payload], position)
    position += payload.length
  }
  return position
}

/**
 * Bytes `from` to `to` of the source, at `place` of the target. Unreadable bytes stay zero: they are no batch, so they
 * are found again.
 */
export async function copyBytes(
  source: DiskFile,
  target: DiskFile,
  from: number,
  to: number,
  place = from,
): Promise<void> {
  for (let at = from; at < to; at += CHUNK_BYTES) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, to - at))
    await source.read(chunk, at).catch(() => chunk.fill(0))
    await target.write([chunk], place + at - from)
  }
}

/** At every moment a restart finds the rotten file or the whole of the repaired one. */
async function swap(env: SegmentContext, folder: string, path: string): Promise<void> {
  const { disk, files } = env
  await disk.rename(`${path}${PART}`, `${path}${WHOLE}`)
  await disk.syncFolder(folder)
  await files.forget(path)
  if ((await disk.size(`${path}${ROTTEN}`)) === null) await disk.rename(path, `${path}${ROTTEN}`)
  await disk.rename(`${path}${WHOLE}`, path)
  await disk.syncFolder(folder)
  // A user that has opened the file in between has the rotten one.
  await files.forget(path)
}

export function unfit(segment: Segment, entry: LogIndex): TailraceError {
  return new TailraceError('STORAGE_CORRUPT', `${segment.path}: the given batches do not fit before entry ${entry}.`)
}
