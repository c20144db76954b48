import type { StateSnapshot, StateStore } from '../log-storage.ts'

/** A state store in memory: nothing is left after the process. */
export class MemoryStateStore implements StateStore {
  readonly #content: Map<string, Uint8Array>

  constructor(content = new Map<string, Uint8Array>()) {
    this.#content = content
  }

  async get(key: string): Promise<Uint8Array | null> {
    return this.#content.get(key) ?? null
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    // A range shows the moment at which it was begun, like a snapshot of RocksDB.
    const keys = [...this.#content.keys()].filter((key) => compareKeys(key, from) >= 0 && compareKeys(key, to) < 0)
    yield* keys.sort(compareKeys).map((key) => [key, this.#content.get(key)!] as const)
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    for (const [key, value] of changes) {
      if (value === null) this.#content.delete(key)
      else this.#content.set(key, value.slice())
    }
  }

  async flush(): Promise<void> {}

  snapshot(): StateSnapshot {
    return new MemoryStateStore(new Map(this.#content))
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
