import type { StateStore } from './types.ts'

/** A state store without a disk, for the simulator and for tests: what a crash leaves of it is the caller's business. */
export function openMemoryStore(): StateStore {
  return new MemoryStore()
}

class MemoryStore implements StateStore {
  readonly #values = new Map<string, Uint8Array>()
  /** Ascending; null when keys have come or gone since it was made. */
  #keys: string[] | null = []

  async get(key: string): Promise<Uint8Array | null> {
    return this.#values.get(key) ?? null
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    // A range shows the moment at which it was begun, like a snapshot of RocksDB.
    const found: [string, Uint8Array][] = []
    for (const key of this.#sorted()) {
      if (compareKeys(key, from) >= 0 && compareKeys(key, to) < 0) found.push([key, this.#values.get(key)!])
    }
    yield* found
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    for (const [key, value] of changes) {
      if (value === null) {
        if (this.#values.delete(key)) this.#keys = null
        continue
      }
      if (!this.#values.has(key)) this.#keys = null
      this.#values.set(key, value.slice())
    }
  }

  async close(): Promise<void> {}

  #sorted(): readonly string[] {
    this.#keys ??= [...this.#values.keys()].sort(compareKeys)
    return this.#keys
  }
}

/** In the order of their UTF-8 bytes, as RocksDB has it; the order of JavaScript differs beyond the basic plane. */
function compareKeys(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
