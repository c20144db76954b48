import type { LogIndex, Offset, Timestamp } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'

/** A place in a segment where a batch begins. */
export interface IndexPlace {
  readonly index: LogIndex
  readonly offset: Offset
  readonly position: number
}

/**
 * Bytes of one entry in an index file: f64 index, f64 offset, f64 position, f64 time, u32 checksum, u32 zero;
 * little-endian.
 */
export const INDEX_ENTRY_BYTES = 40
const CHECKED_BYTES = 32
export const NO_TIME: Timestamp = -1

/**
 * At intervals of a segment: the entry and offset at a place, and the youngest record before it. Each index entry's
 * checksum covers the one before it too, so that the last one proves all.
 */
export class SparseIndex {
  readonly #crc: Crc32c
  readonly #indexes: LogIndex[] = []
  readonly #offsets: Offset[] = []
  readonly #positions: number[] = []
  /** The youngest record before the place; rises along the index. */
  readonly #times: Timestamp[] = []
  readonly #checksums: number[] = []
  readonly #scratch = new Uint8Array(CHECKED_BYTES + 4)
  readonly #view = new DataView(this.#scratch.buffer)

  constructor(crc: Crc32c) {
    this.#crc = crc
  }

  get length(): number {
    return this.#indexes.length
  }

  /** Position of the last place; below zero when there is none. */
  get lastPosition(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : this.#positions[this.length - 1]!
  }

  /** The checksum of the first `count` entries. */
  checksum(count: number): number {
    return count === 0 ? 0 : this.#checksums[count - 1]!
  }

  add(index: LogIndex, offset: Offset, position: number, youngestBefore: Timestamp): void {
    const view = this.#view
    view.setFloat64(0, index, true)
    view.setFloat64(8, offset, true)
    view.setFloat64(16, position, true)
    view.setFloat64(24, youngestBefore, true)
    view.setUint32(32, this.checksum(this.length), true)
    this.#checksums.push(this.#crc(this.#scratch, 0, this.#scratch.length))
    this.#indexes.push(index)
    this.#offsets.push(offset)
    this.#positions.push(position)
    this.#times.push(youngestBefore)
  }

  /** Forgets the places at `from` and after it. */
  cut(from: LogIndex): void {
    const kept = firstAbove(this.#indexes, from - 1)
    for (const column of [this.#indexes, this.#offsets, this.#positions, this.#times, this.#checksums])
      column.length = kept
  }

  /** The last place at or before the entry. The caller knows that the segment holds it. */
  byIndex(index: LogIndex): IndexPlace {
    return this.#place(firstAbove(this.#indexes, index) - 1)
  }

  /** The last entry before the place that follows the entry; null when there is no such place. */
  lastBeforeNext(index: LogIndex): LogIndex | null {
    const next = firstAbove(this.#indexes, index)
    return next < this.#indexes.length ? this.#indexes[next]! - 1 : null
  }

  /**
   * The last place whose offset is below `offset` or the first place: control entries share their offset with the next
   * batch, so a place with an equal offset may be after an entry that is wanted.
   */
  byOffset(offset: Offset): IndexPlace {
    return this.#place(firstAbove(this.#offsets, offset - 1) - 1)
  }

  /** The last place before which every record is older than `timestamp`. */
  byTime(timestamp: Timestamp): IndexPlace {
    return this.#place(firstAbove(this.#times, timestamp - 1) - 1)
  }

  timeAt(place: IndexPlace): Timestamp {
    return this.#times[firstAbove(this.#indexes, place.index) - 1]!
  }

  /** There is one at least. */
  last(): IndexPlace {
    return this.#place(this.length - 1)
  }

  *places(): Iterable<IndexPlace> {
    for (let i = 0; i < this.length; i++) yield this.#place(i)
  }

  /** The entries [from, to) as they stand in a file. */
  encode(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array((to - from) * INDEX_ENTRY_BYTES)
    const view = new DataView(bytes.buffer)
    for (let i = from; i < to; i++) {
      const at = (i - from) * INDEX_ENTRY_BYTES
      view.setFloat64(at, this.#indexes[i]!, true)
      view.setFloat64(at + 8, this.#offsets[i]!, true)
      view.setFloat64(at + 16, this.#positions[i]!, true)
      view.setFloat64(at + 24, this.#times[i]!, true)
      view.setUint32(at + 32, this.#checksums[i]!, true)
    }
    return bytes
  }

  /** Reads `count` entries; null unless each checksum is right and the last one is `checksum`. */
  static decode(bytes: Uint8Array, count: number, checksum: number, crc: Crc32c): SparseIndex | null {
    if (bytes.length < count * INDEX_ENTRY_BYTES) return null
    const index = new SparseIndex(crc)
    for (let i = 0; i < count; i++) if (!index.addFrom(bytes, i)) return null
    return index.checksum(count) === checksum ? index : null
  }

  /** Adds entry `i` of a file. False where its checksum, which covers those before it, is wrong. */
  addFrom(bytes: Uint8Array, i: number): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset + i * INDEX_ENTRY_BYTES, INDEX_ENTRY_BYTES)
    const [index, offset, position, time] = [0, 8, 16, 24].map((at) => view.getFloat64(at, true))
    this.add(index!, offset!, position!, time!)
    return this.checksum(this.length) === view.getUint32(CHECKED_BYTES, true)
  }

  #place(at: number): IndexPlace {
    const i = Math.max(0, at)
    return { index: this.#indexes[i]!, offset: this.#offsets[i]!, position: this.#positions[i]! }
  }
}

/** How many numbers of an ascending column are at most `value`. */
function firstAbove(column: readonly number[], value: number): number {
  let low = 0
  let high = column.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (column[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}
