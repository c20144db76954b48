import type { LogIndex, Offset } from '@tailrace/schemas'
import { DiskError, type DiskFile } from '../../platform/disk.ts'
import type { LogState } from '../log-state.ts'
import type { SegmentStart } from '../log-storage.ts'
import type { TailChunk } from '../tail/tail-chunk.ts'
import { hasBlankPage } from './blank-pages.ts'
import { repairSegment } from './repair.ts'
import type { Segment, SegmentRecord } from './segment.ts'
import { indexIntervalFor, type SegmentContext } from './segment-context.ts'
import { cutSegments, type SegmentCut } from './segment-cut.ts'
import { SegmentFiles } from './segment-files.ts'
import { splitSegment } from './split.ts'

export type SegmentOp = TailChunk | SegmentCut

/** Bytes that one write to a segment gathers, at most; more only where one chunk has more. */
const MAX_WRITE_BYTES = 2 * 1024 * 1024
/**
 * A checkpoint writes the index of a growing segment when this much is missing: less is found again by reading half a
 * megabyte.
 */
const INDEX_BACKLOG = 32

/**
 * The segments of one group. Changes of the log reach them as a queue of operations in journal order, and only
 * operations whose round is durable are carried out (or a chunk ahead of its round, when all before it is durable and
 * the journal will refer to it). So the files show the log as it was at some place of the journal, plus a tail that
 * recovery can tell from it, and never bytes of a truncation that a crash could undo.
 */
export class SegmentSet {
  readonly list: Segment[] = []
  /** Up to here the operations carried out so far have written the log. */
  flushedTo: LogIndex = 0
  /**
   * How many operations were ever queued, may be carried out in the background (their rounds are durable), and have
   * been.
   */
  queued = 0
  allowed = 0
  done = 0
  queuedBytes = 0
  /** Its entries are written even where only the kept room is left. */
  essential = false
  /** A segment is full when it has this many bytes; null: as the settings that all groups share say. */
  limitBytes: number | null = null
  readonly #env: SegmentContext
  readonly #files: SegmentFiles
  readonly #onWritten: (op: SegmentOp) => void
  #queue: SegmentOp[] = []
  #lane: Promise<void> = Promise.resolve()

  constructor(env: SegmentContext, parent: string, name: string, onWritten: (op: SegmentOp) => void) {
    this.#env = env
    this.#files = new SegmentFiles(env, parent, name)
    this.#onWritten = onWritten
  }

  get removed(): boolean {
    return this.#files.removed
  }

  get folder(): string {
    return this.#files.folder
  }

  get bytes(): number {
    let bytes = 0
    for (const segment of this.list) bytes += segment.bytes
    return bytes
  }

  /** The folder is there, with these segments. Called once, by recovery. */
  restore(segments: readonly Segment[], flushedTo: LogIndex, folderDirty: boolean): void {
    this.list.push(...segments)
    this.flushedTo = flushedTo
    this.#files.restore(segments, folderDirty)
  }

  push(op: SegmentOp): void {
    this.#queue.push(op)
    this.queued++
    if (!('bytes' in op)) return
    this.queuedBytes += op.bytes
    this.#env.pool.pin(op)
  }

  /**
   * Carries out operations until `count` were done since the beginning. Waits while the disk is full, without blocking
   * operations that make room.
   */
  async flush(count: number): Promise<void> {
    const { space } = this.#env
    while (!(await this.tryFlush(count))) {
      if (space.closed) throw new DiskError('full', `no space for ${this.folder}`)
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
          if (op.from <= this.flushedTo) {
            await cutSegments(this.#env, this.#files, this.list, op)
            this.flushedTo = op.from - 1
          }
          this.#finished(1)
        }
      }
    }
    return (await space.attempt(() => this.#inLane(carryOut))) && isDone()
  }

  /** Everything that was written before the call becomes durable. */
  sync(): Promise<void> {
    return this.#files.sync()
  }

  /**
   * The only bytes that are not durable are those of direct chunks, which follow durable ones in a file that is there,
   * and would be found to be missing after a loss of power. So they may be synced together with the journal's reference
   * to them.
   */
  get maySyncWithRound(): boolean {
    const segment = this.list[this.list.length - 1]
    if (segment === undefined || segment.sealed || !segment.endsClean || !this.#files.isOnlyUnsynced(segment))
      return false
    return segment.synced > 0 && segment.untoldBytes <= segment.synced
  }

  /** Whether a chunk that was written is durable. Only of chunks that are durable or `maySyncWithRound`. */
  isSynced({ segmentBase, position, bytes }: TailChunk): boolean {
    const segment = this.list[this.list.length - 1]
    return segment?.baseIndex !== segmentBase || position + bytes <= segment.synced
  }

  /** Syncs, and returns the part that a checkpoint must keep. `all`: the whole index, for a close. */
  async checkpoint(all: boolean): Promise<SegmentRecord[]> {
    let records: SegmentRecord[] = []
    await this.#inLane(async () => {
      for (const segment of this.removed ? [] : this.list) {
        const backlog = (segment.index?.length ?? 0) - segment.indexed
        if (backlog <= 0 || (!all && !segment.sealed && backlog < INDEX_BACKLOG)) continue
        await segment.writeIndex(this.#env.files)
        this.#files.written(segment)
      }
      records = this.list.map((segment) => segment.record())
    })
    await this.sync()
    return records
  }

  /**
   * The last entry of the leading sealed segments that end below `before`, and the offset after it; null when there is
   * none to cut.
   */
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
      if (last !== undefined && !this.removed && last.bytes > 0) await this.#files.seal(last)
    })
  }

  /** Replaces rotten entries from `first` on; the caller has made sure that they lie in one segment. */
  repair(first: LogIndex, payloads: readonly Uint8Array[], state: LogState): Promise<void> {
    return this.#inLane(async () => {
      const segment = this.list.find(({ baseIndex, lastIndex }) => baseIndex <= first && first <= lastIndex)
      if (segment === undefined || this.removed) throw new RangeError(`no segment holds entry ${first}`)
      await repairSegment(this.#env, this.folder, segment, first, payloads, state)
    })
  }

  /**
   * The segment that holds entry `first` becomes two, of which the second begins with it (split.ts). Only of a sealed
   * one.
   */
  split(first: LogIndex, payloads: readonly Uint8Array[], state: LogState): Promise<void> {
    return this.#inLane(() => splitSegment(this.#env, this.folder, this.list, first, payloads, state))
  }

  /** Removes the segments that end at or before `prevIndex`, once the journal says that they may be missing. */
  removePrefix(prevIndex: LogIndex): Promise<void> {
    return this.#inLane(async () => {
      while (!this.removed && this.list.length > 0 && this.list[0]!.lastIndex <= prevIndex) {
        await this.#files.drop(this.list.shift()!)
      }
    })
  }

  /** Removes all files. */
  async remove(): Promise<void> {
    this.#files.removed = true
    await this.#inLane(async () => {
      await this.#files.removeAll(this.list)
    })
    for (const op of this.#queue) this.#onWritten(op)
    this.#queue = []
  }

  get #fullBytes(): number {
    return this.limitBytes ?? this.#env.segmentBytes
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
      if (count > 0 && (bytes + chunk.bytes > MAX_WRITE_BYTES || segment.bytes + bytes >= this.#fullBytes)) break
      for (const payload of chunk.payloads) gather.add(payload)
      bytes += chunk.bytes
      count++
    }
    const pieces = gather.finish()
    segment.touched()
    this.#files.written(segment)
    try {
      await this.#env.files.use(segment.path, (file) => writeBehindEnd(segment, file, pieces))
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
    const interval = this.limitBytes === null ? this.#env.indexInterval : indexIntervalFor(this.limitBytes)
    const tellsAbsence = chunk.direct && !hasBlankPage(chunk.payloads, segment.bytes)
    for (let i = 0; i < chunk.headers.length; i++) segment.add(chunk.headers[i]!, chunk.payloads[i]!, 0, interval)
    if (!tellsAbsence) segment.untoldBytes = segment.bytes
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
    if (last !== undefined && !last.sealed && last.bytes < this.#fullBytes) return last
    if (last !== undefined && !last.sealed) await this.#files.seal(last)
    const first = this.#queue[0] as TailChunk
    const segment = await this.#files.create(first.first, first.headers[0]!.baseOffset)
    this.list.push(segment)
    return segment
  }
}

async function writeBehindEnd(segment: Segment, file: DiskFile, pieces: readonly Uint8Array[]): Promise<void> {
  if (segment.overhangs) {
    segment.shortened()
    await file.truncate(segment.bytes)
  }
  // A write that fails may leave a part.
  segment.overhangs = true
  await file.write(pieces, segment.bytes)
  segment.overhangs = false
}
