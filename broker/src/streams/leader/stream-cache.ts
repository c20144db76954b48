import { storedJson } from '../../log/store/stored-json.ts'
import { storedKeys } from '../state/stored-keys.ts'
import { isStreamRecord } from '../state/stream-record.ts'
import type { StreamsStore } from '../state/streams-store.ts'
import { StreamEntry } from './stream-entry.ts'

/** Streams of one partition that are kept at hand, some 1 KiB each; those in use are kept beyond that. */
const MOST_ENTRIES = 1000
/** Looked at for one that can go. */
const MOST_LOOKS = 8

/** The streams of one partition that were used last. All others are in the state store alone. */
export class StreamCache {
  readonly #store: Pick<StreamsStore, 'get' | 'settled'>
  readonly #entries = new Map<string, StreamEntry>()
  readonly #loading = new Map<string, Promise<void>>()
  /** A stream cannot go before its last read is written down. */
  readonly #writeRead: (entry: StreamEntry) => void

  constructor(store: Pick<StreamsStore, 'get' | 'settled'>, writeRead: (entry: StreamEntry) => void) {
    this.#store = store
    this.#writeRead = writeRead
  }

  get size(): number {
    return this.#entries.size
  }

  get entries(): Iterable<StreamEntry> {
    return this.#entries.values()
  }

  /** The stream of a path, or that there is none; it stays while somebody uses it. @throws TailraceError */
  async use(path: string): Promise<StreamEntry> {
    for (;;) {
      const known = this.#entries.get(path)
      if (known !== undefined) {
        this.#entries.delete(path)
        this.#entries.set(path, known)
        known.users += 1
        return known
      }
      await this.#load(path)
    }
  }

  #load(path: string): Promise<void> {
    const loading = this.#loading.get(path)
    if (loading !== undefined) return loading
    const loaded = this.#read(path).finally(() => this.#loading.delete(path))
    this.#loading.set(path, loaded)
    return loaded
  }

  async #read(path: string): Promise<void> {
    const entry = new StreamEntry(path)
    await this.reload(entry)
    this.#entries.set(path, entry)
    this.#makeRoom()
  }

  /** As the log has left it. */
  async reload(entry: StreamEntry): Promise<void> {
    await this.#store.settled()
    const key = storedKeys.stream(entry.path)
    const bytes = await this.#store.get(key)
    entry.record = bytes === null ? null : storedJson(key, bytes, isStreamRecord)
  }

  #makeRoom(): void {
    let looks = MOST_LOOKS
    for (const entry of this.#entries.values()) {
      if (this.#entries.size <= MOST_ENTRIES || looks-- === 0) return
      if (!entry.isIdle) continue
      if (entry.hasUnwrittenRead) this.#writeRead(entry)
      else this.#entries.delete(entry.path)
    }
  }
}
