import type { EntryHeader, LogIndex, Offset, Timestamp } from '@tailrace/schemas'
import { EntryKind, formatTable, maxTimestampAt, newerFormat } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import type { OpenFiles } from './open-files.ts'
import { INDEX_ENTRY_BYTES, NO_TIME, SparseIndex } from './sparse-index.ts'

const DIGITS = 20

/**
 * A segment as a checkpoint keeps it: [base index, base offset, bytes, last index, end offset, youngest record, sealed,
 * index entries, their checksum, time of the last append].
 */
export type SegmentRecord = readonly [
  LogIndex,
  Offset,
  number,
  LogIndex,
  Offset,
  Timestamp,
  0 | 1,
  number,
  number,
  Timestamp?,
]

/**
 * One file of a log: batches back to back, the first of them the entry `baseIndex`. Only the last segment of a log
 * grows.
 */
export class Segment {
  readonly baseIndex: LogIndex
  readonly baseOffset: Offset
  /** Another one when the file has been set aside for a copy. */
  path: string
  readonly indexPath: string
  /** Bytes that belong to the log; the file may have more of a time before a truncation. */
  bytes = 0
  lastIndex: LogIndex
  /** Offset after the last record. */
  endOffset: Offset
  /** No record is younger. */
  youngest: Timestamp = NO_TIME
  /** When the last of its entries was appended, by this broker's clock: records may bear any time. */
  appendedAt: Timestamp = 0
  sealed = false
  /** Bytes from the start that are durable, as far as this broker has synced them since its start. */
  synced = 0
  /** Up to here bytes were written whose absence would not show after a loss of power (blank-pages.ts). */
  untoldBytes = 0
  /** The file may have bytes of an earlier history after `bytes`. */
  overhangs = false
  /** Null when it has to be read from its file first. */
  index: SparseIndex | null
  /** How many entries of the index its file has, and their checksum. */
  indexed = 0
  indexChecksum = 0
  removed = false
  /** Set while the file gets another name. */
  moving: Promise<void> | null = null
  /** Bytes from the start that copies need; 0: no copy. */
  heldBytes = 0
  /** Set when the file is to be removed as soon as no copy needs it. */
  onReleased: (() => Promise<void>) | null = null
  #holders = 0
  #dirty = false
  #indexDirty = false
  /** How often it was shortened, and how often when the last sync that is over began. */
  #cuts = 0
  #syncedCuts = 0
  #syncing: Promise<void> | null = null

  constructor(folder: string, baseIndex: LogIndex, baseOffset: Offset, index: SparseIndex | null) {
    this.baseIndex = baseIndex
    this.baseOffset = baseOffset
    this.path = `${folder}/${segmentName(baseIndex, baseOffset)}`
    this.indexPath = this.path.replace(/log$/, 'index')
    this.lastIndex = baseIndex - 1
    this.endOffset = baseOffset
    this.index = index
  }

  /** After a loss of power nothing of an earlier history stands behind the bytes that are synced. */
  get endsClean(): boolean {
    return !this.overhangs && this.#cuts === this.#syncedCuts
  }

  /** Something of it is not synced yet. */
  get unsynced(): boolean {
    return this.#dirty || this.#indexDirty || this.#syncing !== null
  }

  /** Notes a batch that stands at the segment's end. `interval`: bytes between two places of the index. */
  add(header: EntryHeader, batch: Uint8Array, at: number, interval: number): void {
    const index = this.index!
    // First, since it throws where the batch has rotted.
    const timestamp = header.kind === EntryKind.Records ? maxTimestampAt(batch, at) : -1
    if (this.bytes - index.lastPosition >= interval)
      index.add(header.index, header.baseOffset, this.bytes, this.youngest)
    this.youngest = Math.max(this.youngest, timestamp)
    this.bytes += header.bytes
    this.lastIndex = header.index
    this.endOffset = header.lastOffset + 1
  }

  /** A copy needs the first `bytes`. */
  hold(bytes: number): void {
    this.#holders++
    this.heldBytes = Math.max(this.heldBytes, bytes)
  }

  async release(): Promise<void> {
    this.#holders--
    if (this.#holders > 0) return
    this.heldBytes = 0
    const { onReleased } = this
    this.onReleased = null
    await onReleased?.()
  }

  touched(): void {
    this.#dirty = true
  }

  /** The file is to be cut to `bytes`, which are fewer than before. */
  shortened(): void {
    this.#cuts++
    this.#dirty = true
    this.synced = Math.min(this.synced, this.bytes)
    this.untoldBytes = Math.min(this.untoldBytes, this.bytes)
  }

  /** Appends the missing entries to the index file. Not at the same time as anything else that changes the segment. */
  async writeIndex(files: OpenFiles): Promise<void> {
    const index = this.index
    if (index === null || index.length <= this.indexed) return
    const bytes = index.encode(this.indexed, index.length)
    await files.use(this.indexPath, (file) => file.write([bytes], this.indexed * INDEX_ENTRY_BYTES))
    this.indexed = index.length
    this.indexChecksum = index.checksum(index.length)
    this.#indexDirty = true
  }

  /** Makes all writes before the call durable, even while another sync is running. */
  async sync(files: OpenFiles): Promise<void> {
    while (this.#syncing !== null) await this.#syncing
    if (this.removed || (!this.#dirty && !this.#indexDirty)) return
    this.#syncing = this.#sync(files).finally(() => {
      this.#syncing = null
    })
    await this.#syncing
  }

  record(): SegmentRecord {
    const { baseIndex, baseOffset, bytes, lastIndex, endOffset, youngest, indexed, indexChecksum, appendedAt } = this
    const sealed = this.sealed ? 1 : 0
    return [baseIndex, baseOffset, bytes, lastIndex, endOffset, youngest, sealed, indexed, indexChecksum, appendedAt]
  }

  async #sync(files: OpenFiles): Promise<void> {
    const [data, index] = [this.#dirty, this.#indexDirty]
    this.#dirty = false
    this.#indexDirty = false
    if (data) await this.#syncData(files)
    if (index && !this.removed) await files.use(this.indexPath, (file) => file.sync())
  }

  async #syncData(files: OpenFiles): Promise<void> {
    const [bytes, cuts] = [this.bytes, this.#cuts]
    await files.use(this.path, (file) => file.sync())
    // A sync in the midst of which the file was cut says nothing of the bytes that it has now.
    if (cuts !== this.#cuts) return
    this.synced = bytes
    this.#syncedCuts = cuts
  }
}

export function segmentName(baseIndex: LogIndex, baseOffset: Offset): string {
  return `${pad(baseIndex)}-${pad(baseOffset)}.log`
}

/** Base index and base offset from the name of a segment file, or null. */
export function parseSegmentName(name: string): { baseIndex: LogIndex; baseOffset: Offset } | null {
  const parts = /^(\d{20})-(\d{20})\.log$/.exec(name)
  return parts === null ? null : { baseIndex: Number(parts[1]), baseOffset: Number(parts[2]) }
}

/** Version 1 of segments and indexes has the plain endings; later ones name their version: `.log2`, `.index2`. */
const VERSIONED = /^\d{20}-\d{20}\.(log|index)(\d{1,5})$/

/** @throws TailraceError NEWER_FORMAT when one of a folder's files is of a newer version */
export function refuseNewerSegments(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const [, kind, version] = VERSIONED.exec(name) ?? []
    const format = kind === 'log' ? 'segment' : 'segmentIndex'
    if (Number(version) > formatTable[format].version) throw newerFormat(format, version!, `${folder}/${name}`)
  }
}

/** A segment as a checkpoint has kept it. */
export function restoreSegment(folder: string, record: SegmentRecord, crc: Crc32c, now: Timestamp): Segment {
  const [baseIndex, baseOffset, bytes, lastIndex, endOffset, youngest, sealed, indexed, checksum, time] = record
  const segment = new Segment(folder, baseIndex, baseOffset, indexed === 0 ? new SparseIndex(crc) : null)
  // Missing in checkpoints of earlier versions: the records are then kept rather too long than too short.
  const appendedAt = time ?? now
  Object.assign(segment, { bytes, lastIndex, endOffset, youngest, appendedAt, sealed: sealed === 1, indexed })
  segment.indexChecksum = checksum
  return segment
}

function pad(value: number): string {
  return String(value).padStart(DIGITS, '0')
}
