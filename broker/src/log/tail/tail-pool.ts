import type { TailChunk } from './tail-chunk.ts'

/**
 * The memory of all groups' tails. A chunk stays for readers until the pool is over its limit and it is the oldest, but
 * is never evicted before its segment has it. Chunks that rounds have taken and segments lack are pinned: it counts
 * towards the limit, so rounds wait while the pool is `crowded`.
 */
export class TailPool {
  readonly limit: number
  #bytes = 0
  #pinned = 0
  #waiting = 0
  /** Null where a chunk has been passed: the queue must not keep its batches alive. */
  #evictable: (TailChunk | null)[] = []
  #head = 0
  /** Released chunks that are still in the queue. */
  #released = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  get pinnedBytes(): number {
    return this.#pinned
  }

  /** Bytes that no round has taken yet: they wait for the disk. */
  get waitingBytes(): number {
    return this.#waiting
  }

  /** Half of the pool waits for its segments: time to write even small pieces. */
  get pressed(): boolean {
    return this.#pinned > this.limit / 2
  }

  get crowded(): boolean {
    return this.#pinned > this.limit
  }

  add(chunk: TailChunk): void {
    this.#bytes += chunk.memoryBytes
    this.#waiting += chunk.memoryBytes
    this.#evict()
  }

  /** A round has taken the chunk: its segment has to write it. */
  pin(chunk: TailChunk): void {
    this.#pinned += chunk.memoryBytes
    this.#waiting -= chunk.memoryBytes
  }

  /** The chunk is in its segment. */
  unpin(chunk: TailChunk): void {
    this.#pinned -= chunk.memoryBytes
    this.#evictable.push(chunk)
    this.#evict()
  }

  /** Forgets a chunk that no round has taken. */
  discard(chunk: TailChunk): void {
    this.#bytes -= chunk.memoryBytes
    this.#waiting -= chunk.memoryBytes
    chunk.owner.evict(chunk)
  }

  /** Releases a chunk that its segment has and its tail has dropped. */
  release(chunk: TailChunk): void {
    this.#bytes -= chunk.memoryBytes
    chunk.release()
    this.#released++
    // The queue of a pool that never fills up must not grow without bound.
    if (this.#released < 1024 || this.#released * 2 < this.#evictable.length - this.#head) return
    this.#evictable = this.#evictable.filter((waiting) => waiting !== null && !waiting.released)
    this.#head = 0
    this.#released = 0
  }

  #evict(): void {
    while (this.#bytes > this.limit && this.#head < this.#evictable.length) {
      const chunk = this.#evictable[this.#head]!
      this.#evictable[this.#head++] = null
      if (chunk.released) {
        this.#released--
        continue
      }
      this.#bytes -= chunk.memoryBytes
      chunk.owner.evict(chunk)
    }
    // Passed places are cut off now and then, so that the queue costs O(1) a chunk.
    if (this.#head > 1024 && this.#head * 2 > this.#evictable.length) {
      this.#evictable = this.#evictable.slice(this.#head)
      this.#head = 0
    }
  }
}
