import type { LogIndex, Offset } from '@tailrace/schemas'
import { baseOffsetAt, TailraceError } from '@tailrace/schemas'
import { DiskError } from '../../platform/disk.ts'
import type { LogState } from '../log-state.ts'
import type { SegmentStart } from '../log-storage.ts'
import type { TailChunk } from '../tail/tail-chunk.ts'
import { scanBatches } from './batch-scan.ts'
import { repairSegment } from './repair.ts'
import { Segment, type SegmentRecord } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { SparseIndex } from './sparse-index.ts'
import { splitSegment } from './split.ts'

/** A truncation on its way to the segments; `endOffset` is the base offset of the entry `from`. */
export interface SegmentCut {
  readonly from: LogIndex
  readonly endOffset: Offset
}

export type SegmentOp = TailChunk | SegmentCut

/** What follows a segment's name while only copies need its file. */
export const HELD = '.held-'

/** Bytes that one write to a segment gathers, at most; more only where one chunk has more. */
const MAX_WRITE_BYTES = 2 * 1024 * 1024
/** A checkpoint writes the index of a growing segment when this much is missing: less is found again by reading half a megabyte. */
const INDEX_BACKLOG = 32
const SCAN_WINDOW_BYTES = 256 * 1024

/**
 * The segments of one group. What happens to the log reaches them as a queue of operations in journal order, and only operations whose round is
 * durable are carried out (or a chunk ahead of its round, when nothing stands before it that is not durable, and the journal will refer to it): so the files show the log
 * as it was at some place of the journal, plus a tail that recovery can tell from it, and never bytes of a truncation that a crash could undo.
 */
export class SegmentSet {
  readonly list: Segment[] = []
  /** Up to here the operations carried out so far have written the log. */
  flushedTo: LogIndex = 0
  /** How many operations were ever queued, may be carried out in the background (their rounds are durable), and have been. */
  queued = 0
  allowed = 0
  done = 0
  queuedBytes = 0
  removed = false
  /** Its entries are written also where only the kept room is left. */
  essential = false
  readonly #env: SegmentContext
  readonly #folder: string
  readonly #parent: string
  readonly #onWritten: (op: SegmentOp) => void
  readonly #unsynced = new Set<Segment>()
  #queue: SegmentOp[] = []
  #asides = 0
  #folderMade = false
  #folderDirty = false
  #folderSyncing: Promise<void> | null = null
  #lane: Promise<void> = Promise.resolve()

  constructor(env: SegmentContext, parent: string, name: string, onWritten: (op: SegmentOp) => void) {
    this.#env = env
    this.#parent = parent
    this.#folder = `${parent}/${name}`
    this.#onWritten = onWritten
  }

  get folder(): string {
    return this.#folder
  }

  get bytes(): number {
    let bytes = 0
    for (const segment of this.list) bytes += segment.bytes
    return bytes
  }

  /** The folder is there, with these segments. Called once, by recovery. */
  restore(segments: readonly Segment[], flushedTo: LogIndex, folderDirty: boolean): void {
    this.list.push(...segments)
    for (const segment of segments) if (segment.unsynced) this.#unsynced.add(segment)
    this.flushedTo = flushedTo
    this.#folderMade = segments.length > 0
    this.#folderDirty = folderDirty
  }

  push(op: SegmentOp): void {
    this.#queue.push(op)
    this.queued++
    if (!('bytes' in op)) return
    this.queuedBytes += op.bytes
    this.#env.pool.pin(op)
  }

  /** Carries out operations until `count` were done since the beginning. Waits while the disk is full, out of the way of what makes room. */
  async flush(count: number): Promise<void> {
    const { space } = this.#env
    while (!(await this.tryFlush(count))) {
      if (space.closed) throw new DiskError('full', `no space for ${this.#folder}`)
      await space.pause()
    }
  }

  /** As `flush`; but false when there is no room for all of it. */
  async tryFlush(count: number): Promise<boolean> {
    const { space } = this.#env
    const isDone = (): boolean => this.done >= Math.min(count, this.queued) || this.removed
    const carryOut = async (): Promise<void> => {
      while (!isDone() && (this.essential || !space.full)) {
        const op = this.#queue[0]!
        if ('bytes' in op) await this.#writeRun(count - this.done)
        else {
          await this.#cut(op)
          this.#finished(1)
        }
      }
    }
    return (await space.attempt(() => this.#inLane(carryOut))) && isDone()
  }

  /** Everything that was written before the call becomes durable. */
  async sync(): Promise<void> {
    for (const segment of [...this.#unsynced]) {
      await segment.sync(this.#env.files)
      this.#env.metrics.syncs++
      if (!segment.unsynced) this.#unsynced.delete(segment)
    }
    while (this.#folderSyncing !== null) await this.#folderSyncing
    if (!this.#folderDirty || this.removed) return
    this.#folderDirty = false
    this.#folderSyncing = this.#syncFolders().finally(() => {
      this.#folderSyncing = null
    })
    await this.#folderSyncing
  }

  async #syncFolders(): Promise<void> {
    await this.#env.disk.syncFolder(this.#folder)
    await this.#env.disk.syncFolder(this.#parent)
  }

  /** Syncs, and tells what a checkpoint must keep. `all`: the whole index, for a close. */
  async checkpoint(all: boolean): Promise<SegmentRecord[]> {
    let records: SegmentRecord[] = []
    await this.#inLane(async () => {
      for (const segment of this.removed ? [] : this.list) {
        const backlog = (segment.index?.length ?? 0) - segment.indexed
        if (backlog <= 0 || (!all && !segment.sealed && backlog < INDEX_BACKLOG)) continue
        await segment.writeIndex(this.#env.files)
        this.#unsynced.add(segment)
      }
      records = this.list.map((segment) => segment.record())
    })
    await this.sync()
    return records
  }

  /** The last entry of the leading sealed segments that end below `before`, and the offset after it; null when there is none to cut. */
  prefixBelow(before: LogIndex): { readonly prevIndex: LogIndex; readonly startOffset: Offset } | null {
    let found: Segment | null = null
    for (const segment of this.list) {
      if (!segment.sealed || segment.lastIndex >= before || segment.lastIndex > this.flushedTo) break
      found = segment
    }
    return found === null ? null : { prevIndex: found.lastIndex, startOffset: found.endOffset }
  }

  starts(prevIndex: LogIndex): SegmentStart[] {
    const found: SegmentStart[] = []
    for (const { baseIndex, lastIndex, baseOffset, endOffset, bytes, appendedAt, sealed } of this.list) {
      if (lastIndex <= prevIndex) continue
      found.push({ first: baseIndex, last: lastIndex, baseOffset, endOffset, bytes, appendedAt, sealed })
    }
    return found
  }

  /** Closes the growing segment: the next chunk begins another. */
  seal(): Promise<void> {
    return this.#inLane(async () => {
      const last = this.list[this.list.length - 1]
      if (last !== undefined && !this.removed && last.bytes > 0) await this.#seal(last)
    })
  }

  /** Replaces rotten entries from `first` on; the caller has made sure that they lie in one segment. */
  repair(first: LogIndex, payloads: readonly Uint8Array[], state: LogState): Promise<void> {
    return this.#inLane(async () => {
      const segment = this.list.find(({ baseIndex, lastIndex }) => baseIndex <= first && first <= lastIndex)
      if (segment === undefined || this.removed) throw new RangeError(`no segment holds entry ${first}`)
      await repairSegment(this.#env, this.#folder, segment, first, payloads, state)
    })
  }

  /** The segment that holds entry `first` becomes two, of which the second begins with it (split.ts). Only of a sealed one. */
  split(first: LogIndex, payloads: readonly Uint8Array[], state: LogState): Promise<void> {
    return this.#inLane(() => splitSegment(this.#env, this.#folder, this.list, first, payloads, state))
  }

  /** Removes the segments that end at or before `prevIndex`, once the journal says that they may be missing. */
  removePrefix(prevIndex: LogIndex): Promise<void> {
    return this.#inLane(async () => {
      while (!this.removed && this.list.length > 0 && this.list[0]!.lastIndex <= prevIndex) {
        await this.#drop(this.list.shift()!)
      }
    })
  }

  /** Removes all files. */
  async remove(): Promise<void> {
    this.removed = true
    await this.#inLane(async () => {
      for (const segment of this.list) await this.#forget(segment)
      await this.#env.disk.remove(this.#folder)
      await this.#env.disk.syncFolder(this.#parent)
    })
    for (const op of this.#queue) this.#onWritten(op)
    this.#queue = []
  }

  #inLane(work: () => Promise<void>): Promise<void> {
    const run = this.#lane.then(work)
    this.#lane = run.catch(() => {})
    return run
  }

  /** Writes the chunks at the head of the queue, `most` at most, with one vectored write. */
  async #writeRun(most: number): Promise<void> {
    const segment = await this.#growing()
    const gather = this.#env.gathers.take()
    let bytes = 0
    let count = 0
    while (count < Math.min(most, this.#queue.length)) {
      const chunk = this.#queue[count]!
      if (!('bytes' in chunk)) break
      if (count > 0 && (bytes + chunk.bytes > MAX_WRITE_BYTES || segment.bytes + bytes >= this.#env.segmentBytes)) break
      for (const payload of chunk.payloads) gather.add(payload)
      bytes += chunk.bytes
      count++
    }
    const pieces = gather.finish()
    segment.touched()
    this.#unsynced.add(segment)
    try {
      await this.#env.files.use(segment.path, (file) => file.write(pieces, segment.bytes))
    } finally {
      this.#env.gathers.give(gather)
    }
    this.#env.space.took(bytes)
    this.#env.metrics.segmentBytes += bytes
    // Once more: a sync that ended before this write did has not covered it.
    segment.touched()
    for (let i = 0; i < count; i++) this.#note(segment, this.#queue[i] as TailChunk)
    this.#finished(count)
  }

  #note(segment: Segment, chunk: TailChunk): void {
    chunk.segmentBase = segment.baseIndex
    chunk.position = segment.bytes
    segment.appendedAt = chunk.appendedAt
    for (let i = 0; i < chunk.headers.length; i++)
      segment.add(chunk.headers[i]!, chunk.payloads[i]!, 0, this.#env.indexInterval)
    this.flushedTo = chunk.last
    this.queuedBytes -= chunk.bytes
  }

  #finished(count: number): void {
    const ops = this.#queue.splice(0, count)
    this.done += count
    for (const op of ops) this.#onWritten(op)
  }

  /** The segment that takes the next batch. */
  async #growing(): Promise<Segment> {
    const last = this.list[this.list.length - 1]
    if (last !== undefined && !last.sealed && last.bytes < this.#env.segmentBytes) return last
    if (!this.#folderMade) await this.#env.disk.makeFolder(this.#folder)
    this.#folderMade = true
    if (last !== undefined && !last.sealed) await this.#seal(last)
    const first = this.#queue[0] as TailChunk
    const segment = new Segment(
      this.#folder,
      first.first,
      first.headers[0]!.baseOffset,
      new SparseIndex(this.#env.crc32c),
    )
    // The file has to be there before its name can be synced, by whoever is the first to do so.
    await this.#env.files.use(segment.path, async () => {})
    this.list.push(segment)
    this.#folderDirty = true
    return segment
  }

  async #seal(segment: Segment): Promise<void> {
    await segment.writeIndex(this.#env.files)
    segment.sealed = true
    this.#unsynced.add(segment)
    await this.#env.indexes.load(this.#env, segment)
  }

  /** Removes the files of a segment that is not in the list any more. */
  async #drop(segment: Segment): Promise<void> {
    if (segment.heldBytes > 0) {
      segment.moving = this.#setAside(segment)
      await segment.moving
    } else {
      await this.#forget(segment)
      await this.#env.disk.remove(segment.path)
    }
    await this.#env.disk.remove(segment.indexPath)
  }

  /** Gives the file of a segment that copies need another name, so that a segment of the same name can take its place; it goes with the last copy. */
  async #setAside(segment: Segment): Promise<void> {
    const { disk, files } = this.#env
    const path = `${segment.path}${HELD}${this.#asides++}`
    await this.#forget(segment)
    await disk.rename(segment.path, path)
    segment.path = path
    segment.moving = null
    const remove = async () => {
      await files.forget(path)
      // Left over, it goes with the next start.
      await disk.remove(path).catch(() => {})
    }
    if (segment.heldBytes === 0) await remove()
    else segment.onReleased = remove
  }

  async #cut(cut: SegmentCut): Promise<void> {
    if (cut.from > this.flushedTo) return
    let dropped = false
    while (this.list.length > 1 && this.list[this.list.length - 1]!.baseIndex > cut.from) {
      await this.#drop(this.list.pop()!)
      dropped = true
    }
    // A name that came back after a crash would stand beside the segments that take its place.
    if (dropped) await this.#env.disk.syncFolder(this.#folder)
    const last = this.list[this.list.length - 1]!
    if (last.baseIndex === cut.from && last.heldBytes > 0) await this.#replaceHeld(last)
    else await this.#shorten(last, cut)
    this.flushedTo = cut.from - 1
  }

  /** All of the last segment is discarded, and copies need its file. */
  async #replaceHeld(segment: Segment): Promise<void> {
    const { baseIndex, baseOffset } = segment
    await this.#drop(segment)
    const fresh = new Segment(this.#folder, baseIndex, baseOffset, new SparseIndex(this.#env.crc32c))
    await this.#env.files.use(fresh.path, async () => {})
    this.list[this.list.length - 1] = fresh
    fresh.touched()
    this.#unsynced.add(fresh)
    this.#folderDirty = true
  }

  async #shorten(segment: Segment, cut: SegmentCut): Promise<void> {
    const index = await this.#env.indexes.load(this.#env, segment)
    const position = await positionOf(this.#env, segment, cut.from)
    index.cut(cut.from)
    this.#env.indexes.forget(segment)
    segment.sealed = false
    segment.bytes = position
    segment.lastIndex = cut.from - 1
    segment.endOffset = cut.endOffset
    segment.touched()
    this.#unsynced.add(segment)
    // Its index file is written from the start, so that it never holds places of two histories.
    if (segment.indexed > index.length) segment.indexed = 0
    // Bytes behind the end that a copy needs stay where they are: the next entry begins another segment.
    if (segment.heldBytes > position) await this.#seal(segment)
    else await this.#env.files.use(segment.path, (file) => file.truncate(position))
  }

  async #forget(segment: Segment): Promise<void> {
    segment.removed = true
    this.#unsynced.delete(segment)
    this.#env.indexes.forget(segment)
    await this.#env.files.forget(segment.path)
    await this.#env.files.forget(segment.indexPath)
  }
}

/** Where the entry begins in the segment that holds it. @throws TailraceError STORAGE_CORRUPT when the batches before it cannot be told */
export async function positionOf(env: SegmentContext, segment: Segment, entry: LogIndex): Promise<number> {
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
