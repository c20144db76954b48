import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'

/** A block, which a disk writes whole, or, where it tears writes, in parts. */
export const BLOCK_BYTES = 4096
const SECTOR_BYTES = 512

/**
 * Blocks as they were when a sync was asked for, each with the number of its last change; later writes are not part of
 * it.
 */
export interface PendingSync {
  readonly blocks: readonly (readonly [block: number, bytes: Uint8Array | undefined, change: number])[]
  readonly size: number
  /** Of the last change of the file. */
  readonly change: number
}

/**
 * A file as its readers see it (the page cache) and as it would be found after a loss of power (the platter), block by
 * block. A block is replaced, never changed, so that both can share it; undefined is a hole, which reads as zeros.
 */
export class BlockFile {
  size = 0
  readonly #cached = new Map<number, Uint8Array>()
  readonly #stored = new Map<number, Uint8Array>()
  #storedSize = 0
  /** Blocks that differ, or may differ, between the two. */
  readonly #dirty = new Set<number>()
  /** The number of the last change of each block, and of the stored one. */
  readonly #changes = new Map<number, number>()
  readonly #storedChanges = new Map<number, number>()
  #lastChange = 0
  #storedChange = 0

  /** Another file with the stored content of this one. Blocks are never changed, so both share them. */
  copy(): BlockFile {
    const file = new BlockFile()
    file.size = this.#storedSize
    file.#storedSize = this.#storedSize
    for (const [block, bytes] of this.#stored) {
      file.#stored.set(block, bytes)
      file.#cached.set(block, bytes)
    }
    return file
  }

  read(into: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(into.length, this.size - position))
    for (let at = 0; at < count; ) {
      const block = Math.floor((position + at) / BLOCK_BYTES)
      const from = (position + at) % BLOCK_BYTES
      const length = Math.min(BLOCK_BYTES - from, count - at)
      const bytes = this.#cached.get(block)
      if (bytes === undefined) into.fill(0, at, at + length)
      else into.set(bytes.subarray(from, from + length), at)
      at += length
    }
    return count
  }

  /** Writes bytes[0, length), leaving out the blocks that `skips` names: those of a write that was cut short. */
  write(bytes: Uint8Array, position: number, skips: (block: number) => boolean = () => false): void {
    let end = this.size
    for (let at = 0; at < bytes.length; ) {
      const block = Math.floor((position + at) / BLOCK_BYTES)
      const from = (position + at) % BLOCK_BYTES
      const length = Math.min(BLOCK_BYTES - from, bytes.length - at)
      if (!skips(block)) {
        const changed = new Uint8Array(BLOCK_BYTES)
        const before = this.#cached.get(block)
        if (before !== undefined && length < BLOCK_BYTES) changed.set(before)
        changed.set(bytes.subarray(at, at + length), from)
        this.#replace(block, changed)
        end = Math.max(end, position + at + length)
      }
      at += length
    }
    this.size = end
  }

  truncate(size: number): void {
    this.#lastChange++
    for (const [block, bytes] of this.#cached) {
      const kept = size - block * BLOCK_BYTES
      if (kept >= BLOCK_BYTES) continue
      if (kept > 0) {
        const changed = bytes.slice()
        changed.fill(0, kept)
        this.#replace(block, changed)
      } else this.#replace(block, undefined)
    }
    this.size = size
  }

  beginSync(): PendingSync {
    const blocks = [...this.#dirty].map((block) => [block, this.#cached.get(block), this.#changes.get(block)!] as const)
    return { blocks, size: this.size, change: this.#lastChange }
  }

  endSync({ blocks, size, change: last }: PendingSync): void {
    for (const [block, bytes, change] of blocks) {
      // A sync that took longer than a later one has not stored older bytes over newer ones: a page is written back as
      // it is.
      if (change < (this.#storedChanges.get(block) ?? 0)) continue
      this.#storedChanges.set(block, change)
      put(this.#stored, block, bytes)
      if (this.#cached.get(block) === bytes) this.#dirty.delete(block)
    }
    if (last < this.#storedChange) return
    this.#storedChange = last
    this.#storedSize = size
  }

  /** A sync that fails: some of it is stored, the rest is forgotten, also by the page cache, as kernels do. */
  failSync({ blocks, size }: PendingSync, random: SimRandom): void {
    for (const [block, bytes] of blocks) {
      if (random.chance(0.5)) put(this.#stored, block, bytes)
      else if (this.#cached.get(block) === bytes) put(this.#cached, block, this.#stored.get(block))
    }
    this.#storedSize = Math.max(size, this.#storedSize)
  }

  /**
   * The content after a loss of power: of each unsynced block the old or the new one, or, on a disk that tears, some
   * sectors of each.
   */
  losePower(random: SimRandom, tears: boolean): void {
    for (const block of this.#dirty) {
      const kind = random.below(tears ? 3 : 2)
      if (kind === 1) put(this.#stored, block, this.#cached.get(block))
      else if (kind === 2) put(this.#stored, block, torn(this.#stored.get(block), this.#cached.get(block), random))
    }
    this.#dirty.clear()
    const [low, high] = [Math.min(this.size, this.#storedSize), Math.max(this.size, this.#storedSize)]
    // A file that was being lengthened may end between; one that was cut is as before or as after.
    if (this.size > this.#storedSize) {
      this.size = random.chance(0.5) ? high : Math.min(high, low + random.below(high - low + 1))
    } else this.size = random.chance(0.5) ? low : high
    this.#cached.clear()
    for (const [block, bytes] of this.#stored) this.#cached.set(block, bytes)
    this.truncate(this.size)
    for (const block of this.#dirty) put(this.#stored, block, this.#cached.get(block))
    this.#dirty.clear()
    this.#storedSize = this.size
  }

  /** Blocks with content, ascending. */
  blocks(): number[] {
    return [...this.#stored.keys()].sort((a, b) => a - b)
  }

  stored(block: number): Uint8Array | undefined {
    return this.#stored.get(block)
  }

  /** Rot of stored bytes. Bytes that the kernel has still to write in their place are unchanged. */
  rot(block: number, bytes: Uint8Array): void {
    if (this.#dirty.has(block)) put(this.#stored, block, bytes)
    else this.corrupt(block, bytes)
  }

  /** Puts bytes in a block's place on the platter and in the cache, without a write of this file. */
  corrupt(block: number, bytes: Uint8Array | undefined): void {
    put(this.#stored, block, bytes)
    put(this.#cached, block, bytes)
  }

  #replace(block: number, bytes: Uint8Array | undefined): void {
    this.#changes.set(block, ++this.#lastChange)
    put(this.#cached, block, bytes)
    this.#dirty.add(block)
  }
}

function put(blocks: Map<number, Uint8Array>, block: number, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) blocks.delete(block)
  else blocks.set(block, bytes)
}

function torn(before: Uint8Array | undefined, after: Uint8Array | undefined, random: SimRandom): Uint8Array {
  const mixed = before?.slice() ?? new Uint8Array(BLOCK_BYTES)
  const source = after ?? new Uint8Array(BLOCK_BYTES)
  for (let at = 0; at < BLOCK_BYTES; at += SECTOR_BYTES) {
    if (random.chance(0.5)) mixed.set(source.subarray(at, at + SECTOR_BYTES), at)
  }
  return mixed
}
