import type { StateSnapshot, StateStore } from '../log-storage.ts'

/** A state store without a disk, for the simulator and for tests: what a crash leaves of it is the caller's business. */
export function openMemoryStore(): StateStore {
  return new MemoryStore()
}

class MemoryStore implements StateStore {
  /** Replaced, not changed, while a snapshot shows it. */
  #values = new Map<string, Uint8Array>()
  #shared = false
  /** Ascending; null when keys have come or gone since it was made. */
  #keys: string[] | null = []

  async get(key: string): Promise<Uint8Array | null> {
    return this.#values.get(key) ?? null
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    // A range shows the moment at which it was begun, like a snapshot of RocksDB.
    yield* pairsBetween(this.#sorted(), this.#values, from, to)
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    if (this.#shared) this.#values = new Map(this.#values)
    this.#shared = false
    for (const [key, value] of changes) {
      if (value === null) {
        if (this.#values.delete(key)) this.#keys = null
        continue
      }
      if (!this.#values.has(key)) this.#keys = null
      this.#values.set(key, value.slice())
    }
  }

  async flush(): Promise<void> {}

  snapshot(): StateSnapshot {
    this.#shared = true
    return new MemorySnapshot(this.#values, this.#sorted())
  }

  async close(): Promise<void> {}

  #sorted(): readonly string[] {
    this.#keys ??= [...this.#values.keys()].sort(compareKeys)
    return this.#keys
  }
}

class MemorySnapshot implements StateSnapshot {
  readonly #values: ReadonlyMap<string, Uint8Array>
  readonly #keys: readonly string[]

  constructor(values: ReadonlyMap<string, Uint8Array>, keys: readonly string[]) {
    this.#values = values
    this.#keys = keys
  }

  async get(key: string): Promise<Uint8Array | null> {
    return this.#values.get(key) ?? null
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    yield* pairsBetween(this.#keys, this.#values, from, to)
  }

  async close(): Promise<void> {}
}

function pairsBetween(
  keys: readonly string[],
  values: ReadonlyMap<string, Uint8Array>,
  from: string,
  to: string,
): (readonly [string, Uint8Array])[] {
  const wanted = keys.filter((key) => compareKeys(key, from) >= 0 && compareKeys(key, to) < 0)
  return wanted.map((key) => [key, values.get(key)!] as const)
}

/** In the order of their UTF-8 bytes, as RocksDB has it; the order of JavaScript differs beyond the basic plane. */
function compareKeys(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}
