import type { StateSnapshot, StateStore } from '../../log/log-storage.ts'
import type { Disk, DiskFile } from '../../platform/disk.ts'

/** A disk that forgets what was not synced when it crashes, names included. */
export class MemoryDisk implements Disk {
  #volatile = new Map<string, { bytes: Uint8Array; synced: Uint8Array }>()
  #durable = new Map<string, { bytes: Uint8Array; synced: Uint8Array }>()
  /** Throws from the named operation on. */
  failing: '' | 'sync' | 'rename' | 'syncFolder' = ''

  async open(path: string): Promise<DiskFile> {
    const file = this.#volatile.get(path) ?? { bytes: new Uint8Array(), synced: new Uint8Array() }
    this.#volatile.set(path, file)
    const fail = (what: string): void => this.#failIf(what)
    return {
      path,
      async read(into, position) {
        const part = file.bytes.subarray(position, position + into.length)
        into.set(part)
        return part.length
      },
      async write(pieces, position) {
        let at = position
        for (const piece of pieces) {
          const grown = new Uint8Array(Math.max(file.bytes.length, at + piece.length))
          grown.set(file.bytes)
          grown.set(piece, at)
          file.bytes = grown
          at += piece.length
        }
      },
      async sync() {
        fail('sync')
        file.synced = file.bytes.slice()
      },
      async truncate(size) {
        file.bytes = file.bytes.slice(0, size)
      },
      size: async () => file.bytes.length,
      close: async () => {},
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.#failIf('rename')
    this.#volatile.set(to, this.#volatile.get(from)!)
    this.#volatile.delete(from)
  }

  async syncFolder(): Promise<void> {
    this.#failIf('syncFolder')
    this.#durable = new Map(this.#volatile)
  }

  crash(): void {
    this.failing = ''
    this.#volatile = new Map(
      [...this.#durable].map(([path, { synced }]) => [path, { bytes: synced.slice(), synced: synced.slice() }]),
    )
  }

  text(path: string): string | undefined {
    const file = this.#volatile.get(path)
    return file === undefined ? undefined : new TextDecoder().decode(file.bytes)
  }

  list = async (): Promise<string[]> => [...this.#volatile.keys()]
  makeFolder = async (): Promise<void> => {}
  remove = async (path: string): Promise<void> => void this.#volatile.delete(path)
  size = async (path: string): Promise<number | null> => this.#volatile.get(path)?.bytes.length ?? null
  free = async (): Promise<number> => 2 ** 40
  lock = async (): Promise<void> => {}

  #failIf(what: string): void {
    if (this.failing === what) throw new Error(`${what} fails`)
  }
}

export class MemoryStore implements StateStore {
  readonly content = new Map<string, Uint8Array>()
  writes = 0
  failing = false

  async get(key: string): Promise<Uint8Array | null> {
    return this.content.get(key) ?? null
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    const keys = [...this.content.keys()].filter((key) => key >= from && key < to).sort()
    for (const key of keys) yield [key, this.content.get(key)!]
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    this.writes++
    if (this.failing) throw new Error('store fails')
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
