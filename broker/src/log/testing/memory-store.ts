import type { StateSnapshot, StateStore } from '../log-storage.ts'
import { MemoryStateStore } from '../store/memory-state-store.ts'

/** One in memory that outlives the broker that uses it: the caller decides what a crash leaves of it. */
export class MemoryStore implements StateStore {
  readonly content = new Map<string, Uint8Array>()
  /** Calls of `write` so far. */
  writes = 0
  /** Makes writes fail. */
  failing = false
  /** Writes that begin now wait for it. */
  gate: Promise<void> | null = null
  readonly #store = new MemoryStateStore(this.content)

  get(key: string): Promise<Uint8Array | null> {
    return this.#store.get(key)
  }

  range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    return this.#store.range(from, to)
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    this.writes++
    if (this.gate !== null) await this.gate
    if (this.failing) throw new Error('store fails')
    await this.#store.write(changes)
  }

  async flush(): Promise<void> {}

  snapshot(): StateSnapshot {
    return this.#store.snapshot()
  }

  async close(): Promise<void> {}
}
