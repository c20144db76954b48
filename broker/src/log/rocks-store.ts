import RocksDB, { type ReadBatch } from 'rocksdb-native'
import type { StateSnapshot, StateStore } from './types.ts'

/** Small on purpose: the store holds maps that are read at the start and written behind, and an idle broker must stay small. */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024
const BACKGROUND_JOBS = 2
const RANGE_CAPACITY = 64
/** Reads of one turn that go together: each batch costs as much as many keys. */
const READ_CAPACITY = 16

/** Opens the store in the folder, creating it where it is missing. `openFiles` stay open. RocksDB locks the folder against other processes. */
export async function openRocksStore(folder: string, openFiles = 64): Promise<StateStore> {
  const db = new RocksDB(folder, {
    writeBufferSize: WRITE_BUFFER_BYTES,
    maxWriteBufferNumber: 2,
    maxOpenFiles: openFiles,
    maxBackgroundJobs: BACKGROUND_JOBS,
    maxFileOpeningThreads: 2,
  })
  await db.ready()
  return new RocksStore(db)
}

class RocksStore implements StateStore {
  readonly #db: RocksDB
  /** What is asked for in this turn. */
  #reads: ReadBatch | null = null

  constructor(db: RocksDB) {
    this.#db = db
  }

  async get(key: string): Promise<Uint8Array | null> {
    this.#reads ??= this.#beginReads()
    return this.#reads.get(key)
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    const snapshot = this.snapshot()
    try {
      yield* snapshot.range(from, to)
    } finally {
      await snapshot.close()
    }
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    if (changes.length === 0) return
    const batch = this.#db.write({ capacity: changes.length, autoDestroy: true })
    for (const [key, value] of changes) {
      if (value === null) batch.tryDelete(key)
      else batch.tryPut(key, value)
    }
    await batch.flush()
  }

  /** Writes what is in memory to a table file and syncs it: RocksDB's own log is not synced with each write. */
  async flush(): Promise<void> {
    await this.#db.flush()
  }

  snapshot(): StateSnapshot {
    return new RocksSnapshot(this.#db.snapshot())
  }

  async close(): Promise<void> {
    await this.#db.close()
  }

  #beginReads(): ReadBatch {
    const batch = this.#db.read({ capacity: READ_CAPACITY, autoDestroy: true })
    void Promise.resolve().then(() => {
      this.#reads = null
      // Each read has a promise of its own.
      batch.tryFlush()
    })
    return batch
  }
}

class RocksSnapshot implements StateSnapshot {
  readonly #session: RocksDB

  constructor(session: RocksDB) {
    this.#session = session
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#session.get(key)
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    if (from >= to) return
    const pairs = this.#session.iterator({ gte: from, lt: to }, { capacity: RANGE_CAPACITY })
    for await (const { key, value } of pairs) yield [key.toString(), value]
  }

  async close(): Promise<void> {
    await this.#session.close()
  }
}
