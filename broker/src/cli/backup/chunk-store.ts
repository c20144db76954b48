import type { Crc32c, Offset, PartitionNumber } from '@tailrace/schemas'
import { baseOffsetAt, endOffsetAt, forEachBatch, TailraceError, verifyBatch } from '@tailrace/schemas'
import type { Crypto } from '../../platform/crypto.ts'
import { type Chunk, chunkFile, MOST_CHUNK_BYTES, partitionFolder, readChunkFile } from './backup-files.ts'
import type { BackupStore } from './backup-store.ts'
import { CHUNK_HINT, damaged } from './damage.ts'

export interface ChunkStoreDeps {
  readonly store: BackupStore
  readonly crypto: Pick<Crypto, 'hash'>
  readonly crc32c: Crc32c
}

/** The chunks of one partition in a backup folder. A chunk is written whole, or not at all. */
export class ChunkStore {
  readonly #folder: string
  readonly #deps: ChunkStoreDeps

  constructor(topicId: string, partition: PartitionNumber, deps: ChunkStoreDeps) {
    this.#folder = partitionFolder(topicId, partition)
    this.#deps = deps
  }

  /** Those that follow each other without a gap up to the last one, from `from` on. */
  async chunksFrom(from: Offset): Promise<Chunk[]> {
    const files = await this.#deps.store.list(this.#folder)
    const chunks = files.flatMap((file) => readChunkFile(file) ?? []).sort((one, other) => one.end - other.end)
    const joined: Chunk[] = []
    for (let chunk = chunks.pop(); chunk !== undefined && chunk.end > from; chunk = chunks.pop()) {
      const next = joined[0]
      if (next !== undefined && chunk.end !== next.base) break
      joined.unshift(chunk)
    }
    const first = joined[0]
    // Records between them and the first one wanted have been cut off: they are of no use any more.
    return first === undefined || first.base <= from ? joined : []
  }

  /** Whole batches that follow each other. */
  async write(batches: readonly Uint8Array[]): Promise<Chunk> {
    const { store, crypto } = this.#deps
    const bytes = Buffer.concat(batches)
    const base = baseOffsetAt(batches[0]!, 0)
    const end = endOffsetAt(batches.at(-1)!, 0)
    const sha256 = Buffer.from(crypto.hash('sha256', bytes)).toString('hex')
    const file = chunkFile(base, end, sha256)
    await store.write(`${this.#folder}/${file}`, bytes)
    return { file, base, end, sha256 }
  }

  /** Removes what interrupted writes have left. */
  async removeUnfinished(): Promise<void> {
    await this.#deps.store.removeUnfinished(this.#folder)
  }

  /**
   * Whether the batch is its last one, byte by byte.
   * @throws CommandFailure STORAGE_CORRUPT, which names the file, when it is missing or damaged
   */
  async endsWith(chunk: Chunk, batch: Uint8Array): Promise<boolean> {
    const { store } = this.#deps
    const end = await store.readEnd(`${this.#folder}/${chunk.file}`, batch.length)
    if (end !== null && Buffer.compare(end, batch) === 0) return true
    // A damaged chunk ends with another batch, too.
    await this.read(chunk)
    return false
  }

  /** Its batches. @throws CommandFailure STORAGE_CORRUPT, which names the file */
  async read(chunk: Chunk): Promise<Uint8Array[]> {
    const { store, crypto } = this.#deps
    const path = `${this.#folder}/${chunk.file}`
    const name = store.nameOf(path)
    const bytes = await store.read(path, MOST_CHUNK_BYTES)
    if (bytes === null) throw damaged(name, 'it is missing', CHUNK_HINT)
    if (Buffer.from(crypto.hash('sha256', bytes)).toString('hex') !== chunk.sha256) {
      throw damaged(name, 'its checksum does not fit its content', CHUNK_HINT)
    }
    try {
      return this.#batchesIn(bytes, chunk)
    } catch (error) {
      throw error instanceof TailraceError ? damaged(name, error.message.replace(/\.$/, ''), CHUNK_HINT) : error
    }
  }

  /** @throws TailraceError INVALID_BATCH */
  #batchesIn(bytes: Uint8Array, { base, end }: Chunk): Uint8Array[] {
    const batches: Uint8Array[] = []
    let next = base
    forEachBatch(bytes, (start, stop) => {
      const batch = bytes.subarray(start, stop)
      if (!verifyBatch(bytes, start, stop, this.#deps.crc32c) || baseOffsetAt(batch, 0) !== next) {
        throw new TailraceError('INVALID_BATCH', `The one at byte ${start} is none, or not the next one.`)
      }
      next = endOffsetAt(batch, 0)
      batches.push(batch)
    })
    if (next !== end) throw new TailraceError('INVALID_BATCH', `The last one ends at offset ${next}.`)
    return batches
  }
}
