import type { StateSnapshot, StateStore } from '../log-storage.ts'

/**
 * A state store without a disk, which outlives the broker that uses it: the caller decides what a crash leaves of it.
 */
export class MemoryStore implements StateStore {
  readonly content = new Map<string, Uint8Array>()
  /** Calls of `write` so far. */
  writes = 0
  /** Makes writes fail. */
  failing = false

  async get(key: string): Promise<Uint8Array | null> {
    return this.content.get(key) ?? null
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    // A range shows the moment at which it was begun, like a snapshot of RocksDB.
    const keys = [...this.content.keys()].filter((key) => compareKeys(key, from) >= 0 && compareKeys(key, to) < 0)
    yield* keys.sort(compareKeys).map((key) => [key, this.content.get(key)!] as const)
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    this.writes++
    if (this.failing) throw new Error('store fails')
    for (const [key, value] of changes) {
      if (value === null) this.content.delete(key)
      else this.content.set(key, value.slice())
    }
  }

  async flush(): Promise<void> {}

  snapshot(): StateSnapshot {
    const copy = new MemoryStore()
    for (const [key, value] of this.content) copy.content.set(key, value)
    return copy
  }

  async close(): Promise<void> {}
}

/** In the order of their UTF-8 bytes, as RocksDB has it. */
function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Half of a character beyond the basic plane, which comes after all of that plane. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
