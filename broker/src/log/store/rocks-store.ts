import type RocksDB from 'rocksdb-native'
import type { ReadBatch } from 'rocksdb-native'
import type { StateSnapshot, StateStore } from '../log-storage.ts'
import { loadRocksDb } from './load-rocksdb.ts'

/**
 * Small on purpose: the store holds maps that are read at the start and written in the background, and an idle broker
 * must stay small.
 */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024
const BACKGROUND_JOBS = 2
const RANGE_CAPACITY = 64
/** Reads of one turn share a batch of this size: each batch costs as much as many keys. */
const READ_CAPACITY = 16

/** Between two attempts to open anew a store that takes no writes. */
const REOPEN_MS = 1000

export interface RocksStoreOptions {
  /** A write has failed, most likely because the disk is full: called before the next attempt. */
  readonly makeRoom?: () => Promise<void>
  /** How many of its files stay open. */
  readonly openFiles?: number
  /** Milliseconds, for intervals. */
  readonly monotonic: () => number
}

/**
 * Opens the store in the folder, creating it where it is missing. RocksDB locks the folder against other processes.
 * @throws TailraceError RUNTIME_MISSING
 */
export async function openRocksStore(folder: string, options: RocksStoreOptions): Promise<StateStore> {
  const db = await openDatabase(folder, options.openFiles).catch(async (error: unknown) => {
    if (options.makeRoom === undefined) throw error
    // Opening writes, too.
    await options.makeRoom()
    return openDatabase(folder, options.openFiles)
  })
  return new RocksStore(folder, db, options)
}

/** A store that is read while no broker has it open. */
export type StateReader = Pick<StateStore, 'get' | 'range' | 'close'>

/** Opens a store that exists, for reading only: no file in the folder changes. */
export async function openRocksReader(folder: string): Promise<StateReader> {
  const db = await openDatabase(folder, undefined, { readOnly: true, createIfMissing: false })
  const reader = new RocksSnapshot(db)
  return {
    get: (key) => reader.get(key),
    range: (from, to) => reader.range(from, to),
    close: () => db.close({ force: true }),
  }
}

async function openDatabase(
  folder: string,
  openFiles = 64,
  mode: { readonly readOnly?: boolean; readonly createIfMissing?: boolean } = {},
): Promise<RocksDB> {
  const Database = await loadRocksDb()
  const db = new Database(folder, {
    ...mode,
    writeBufferSize: WRITE_BUFFER_BYTES,
    maxWriteBufferNumber: 2,
    maxOpenFiles: openFiles,
    maxBackgroundJobs: BACKGROUND_JOBS,
    maxFileOpeningThreads: 2,
  })
  await db.ready()
  return db
}

/**
 * After one write that failed for lack of space, RocksDB takes no other, even when there is room again: so it is closed
 * and opened anew, which loses nothing.
 */
class RocksStore implements StateStore {
  readonly #folder: string
  readonly #options: RocksStoreOptions
  #db: RocksDB
  /** The keys that are asked for in this turn. */
  #reads: ReadBatch | null = null
  #reopening: Promise<void> | null = null
  #reopenedAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(folder: string, db: RocksDB, options: RocksStoreOptions) {
    this.#folder = folder
    this.#db = db
    this.#options = options
  }

  async get(key: string): Promise<Uint8Array | null> {
    if (this.#reopening !== null) await this.#reopening
    this.#reads ??= this.#beginReads()
    return this.#reads.get(key)
  }

  async *range(from: string, to: string): AsyncIterable<readonly [string, Uint8Array]> {
    if (this.#reopening !== null) await this.#reopening
    const snapshot = this.snapshot()
    try {
      yield* snapshot.range(from, to)
    } finally {
      await snapshot.close()
    }
  }

  async write(changes: readonly (readonly [string, Uint8Array | null])[]): Promise<void> {
    if (changes.length === 0) return
    await this.#twice(async (db) => {
      const batch = db.write({ capacity: changes.length, autoDestroy: true })
      for (const [key, value] of changes) {
        if (value === null) batch.tryDelete(key)
        else batch.tryPut(key, value)
      }
      await batch.flush()
    })
  }

  /** Writes the pairs in memory to a table file and syncs it: RocksDB's own log is not synced with each write. */
  async flush(): Promise<void> {
    await this.#twice((db) => db.flush())
  }

  snapshot(): StateSnapshot {
    return new RocksSnapshot(this.#db.snapshot())
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#reopening?.catch(() => undefined)
    await this.#db.close()
  }

  async #twice(work: (db: RocksDB) => Promise<void>): Promise<void> {
    if (this.#reopening !== null) await this.#reopening
    const db = this.#db
    try {
      await work(db)
    } catch (error) {
      if (this.#closed) throw error
      if (db === this.#db) await this.#reopen(error)
      await work(this.#db)
    }
  }

  /** @throws `reason` when the store was opened anew a moment ago, and that has not helped */
  #reopen(reason: unknown): Promise<void> {
    const { monotonic } = this.#options
    if (this.#reopening === null && monotonic() - this.#reopenedAt < REOPEN_MS) return Promise.reject(reason)
    this.#reopenedAt = monotonic()
    this.#reopening ??= this.#openAnew().finally(() => {
      this.#reopening = null
    })
    return this.#reopening
  }

  async #openAnew(): Promise<void> {
    await this.#options.makeRoom?.()
    // Copies that are being read fail, and begin again.
    if (!this.#db.closed) await this.#db.close({ force: true })
    this.#reads = null
    this.#db = await openDatabase(this.#folder, this.#options.openFiles)
  }

  #beginReads(): ReadBatch {
    const batch = this.#db.read({ capacity: READ_CAPACITY, autoDestroy: true })
    void Promise.resolve().then(() => {
      if (this.#reads === batch) this.#reads = null
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
