const PAGE_BYTES = 4096
const ZEROS = new Uint8Array(PAGE_BYTES)

/**
 * The content of a file, as its readers see it and as it would be found after a power failure. Pages of 4 KiB are
 * written whole or not at all; each page that has changed since the last sync may or may not have reached the disk.
 */
export class MemoryContent {
  size = 0
  readonly #pages = new Map<number, Uint8Array>()
  readonly #dirty = new Set<number>()
  #synced = new Map<number, Uint8Array>()
  #syncedSize = 0

  read(into: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(into.length, this.size - position))
    this.#forEachPage(position, count, (page, from, to, at) => {
      const bytes = this.#pages.get(page)
      if (bytes === undefined) into.fill(0, at, at + to - from)
      else into.set(bytes.subarray(from, to), at)
    })
    return count
  }

  write(bytes: Uint8Array, position: number): void {
    this.#forEachPage(position, bytes.length, (page, from, to, at) => {
      const piece = bytes.subarray(at, at + to - from)
      if (Buffer.compare(piece, ZEROS) === 0) this.#clear(page)
      else if (piece.length === PAGE_BYTES) this.#replace(page, piece.slice())
      else this.#own(page).set(piece, from)
    })
    this.size = Math.max(this.size, position + bytes.length)
  }

  truncate(size: number): void {
    for (const page of this.#pages.keys()) {
      const kept = size - page * PAGE_BYTES
      if (kept >= PAGE_BYTES) continue
      if (kept > 0) this.#own(page).fill(0, kept)
      else this.#clear(page)
    }
    this.size = size
  }

  sync(): void {
    for (const page of this.#dirty) {
      const bytes = this.#pages.get(page)
      if (bytes === undefined) this.#synced.delete(page)
      else this.#synced.set(page, bytes)
    }
    this.#dirty.clear()
    this.#syncedSize = this.size
  }

  /** Inverts one bit, as it is read and as it would be found. */
  flip(position: number, bit: number): void {
    const [page, at] = [Math.floor(position / PAGE_BYTES), position % PAGE_BYTES]
    for (const bytes of new Set([this.#pages.get(page), this.#synced.get(page)])) {
      if (bytes !== undefined) bytes[at]! ^= 1 << bit
    }
  }

  /**
   * The content after a power failure: of each unsynced page, the old or the new one; of an unsynced size, the old, the
   * new or one between.
   */
  crash(below: (bound: number) => number): void {
    for (const page of this.#dirty) {
      if (below(2) === 0) continue
      const old = this.#synced.get(page)
      if (old === undefined) this.#pages.delete(page)
      else this.#pages.set(page, old)
    }
    const grown = this.size - this.#syncedSize
    if (grown > 0) {
      const kept = below(Math.ceil(grown / PAGE_BYTES) + 1) * PAGE_BYTES
      this.truncate(Math.min(this.size, this.#syncedSize + kept))
    } else if (grown < 0 && below(2) === 0) this.size = this.#syncedSize
    this.sync()
  }

  /** A page of zeros takes no memory: files that are allocated ahead are made of them. */
  #clear(page: number): void {
    this.#pages.delete(page)
    this.#dirty.add(page)
  }

  #replace(page: number, bytes: Uint8Array): void {
    this.#pages.set(page, bytes)
    this.#dirty.add(page)
  }

  /** A page that may be changed: one that is as it was synced is copied first. */
  #own(page: number): Uint8Array {
    let bytes = this.#pages.get(page)
    if (bytes === undefined || bytes === this.#synced.get(page)) {
      bytes = bytes?.slice() ?? new Uint8Array(PAGE_BYTES)
      this.#pages.set(page, bytes)
    }
    this.#dirty.add(page)
    return bytes
  }

  #forEachPage(
    position: number,
    count: number,
    visit: (page: number, from: number, to: number, at: number) => void,
  ): void {
    for (let at = 0; at < count; ) {
      const page = Math.floor((position + at) / PAGE_BYTES)
      const from = (position + at) % PAGE_BYTES
      const to = Math.min(PAGE_BYTES, from + count - at)
      visit(page, from, to, at)
      at += to - from
    }
  }
}
