import { forEachBatch, type Offset } from '@tailrace/schemas'
import type { Chunk } from './backup-files.ts'
import { type ChunkStore, endOf } from './chunk-store.ts'
import type { ClusterRecords, Place } from './cluster-records.ts'
import type { PartitionBackup } from './manifest.ts'
import type { RateLimit } from './rate-limit.ts'

/** What an interrupted backup reads again at most, and what is in memory for each partition that is copied. */
const CHUNK_BYTES = 16 << 20

export interface CopyDeps {
  readonly records: ClusterRecords
  readonly limit: RateLimit
  readonly signal: AbortSignal
  /** Bytes that have been written. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Copies what the partition had when this was called, beyond what an earlier backup in the folder has.
 * @throws TailraceError, DiskError; the error of the signal
 */
export async function copyPartition(place: Place, store: ChunkStore, deps: CopyDeps): Promise<PartitionBackup> {
  const { logStart, end: wanted } = await deps.records.ends(place)
  const chunks = await store.chunksFrom(logStart)
  const gathered = new Gathered(store, chunks)
  for (let next = Math.max(chunks.at(-1)?.end ?? 0, logStart); next < wanted; ) {
    const body = await deps.records.read(place, next)
    await deps.limit.take(body.length, deps.signal)
    deps.signal.throwIfAborted()
    const batches: Uint8Array[] = []
    forEachBatch(body, (start, stop) => batches.push(body.slice(start, stop)))
    // The partition was cut meanwhile; what is gone is in no backup.
    if (batches.length === 0) break
    for (const batch of batches) {
      if (next >= wanted) break
      next = endOf(batch)
      deps.onBytes(batch.length)
      await gathered.add(batch)
    }
  }
  await gathered.flush()
  const [first, last] = [chunks[0], chunks.at(-1)]
  const from = first === undefined ? logStart : Math.max(first.base, logStart)
  return { from, end: last?.end ?? from, chunks: chunks.map(({ file }) => file) }
}

/** Batches on the way into chunks. */
class Gathered {
  readonly #store: ChunkStore
  readonly #chunks: Chunk[]
  #batches: Uint8Array[] = []
  #bytes = 0

  constructor(store: ChunkStore, chunks: Chunk[]) {
    this.#store = store
    this.#chunks = chunks
  }

  async add(batch: Uint8Array): Promise<void> {
    this.#batches.push(batch)
    this.#bytes += batch.length
    if (this.#bytes >= CHUNK_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#batches.length === 0) return
    this.#chunks.push(await this.#store.write(this.#batches))
    this.#batches = []
    this.#bytes = 0
  }
}

/** The sum of what the partitions of a topic have. */
export function recordsOf(partitions: readonly PartitionBackup[]): Offset {
  return partitions.reduce((sum, { from, end }) => sum + end - from, 0)
}
