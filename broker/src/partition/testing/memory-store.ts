import type { StateSnapshot, StateStore } from '../../log/log-storage.ts'

/** A state store that outlives the broker that uses it. */
export class MemoryStore implements StateStore {
  readonly content = new Map<string, Uint8Array>()

  async get(key: string): Promise<Uint8Array | null> {
    return this.content.get(key) ?? null
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    const keys = [...this.content.keys()].filter((key) => key >= from && key < to).sort()
    for (const key of keys) yield [key, this.content.get(key)!]
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    for (const [key, value] of changes) {
      if (value === null) this.content.delete(key)
      else this.content.set(key, value)
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
