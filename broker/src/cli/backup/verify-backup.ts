import { readChunkFile } from './backup-files.ts'
import type { TopicBackup } from './backup-shape.ts'
import { ChunkStore, type ChunkStoreDeps } from './chunk-store.ts'
import { CHUNK_HINT, damaged } from './damage.ts'

/** What has been found in chunks that are sound. */
export interface Verified {
  readonly bytes: number
  readonly batches: number
  /** Of the longest batch: a topic that takes these must take it. */
  readonly longestBatch: number
}

/**
 * Reads every chunk of the topics, and every batch.
 * @throws CommandFailure STORAGE_CORRUPT, which names the file; DiskError; the error of the signal
 */
export async function verifyTopics(
  topics: readonly TopicBackup[],
  deps: ChunkStoreDeps,
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => {},
): Promise<Verified> {
  let [bytes, batches, longestBatch] = [0, 0, 0]
  for (const { id, name, partitions } of topics) {
    for (const [partition, { from, end, chunks }] of partitions.entries()) {
      const store = new ChunkStore(id, partition, deps)
      let next: number | null = null
      for (const chunk of chunks.map((file) => readChunkFile(file)!)) {
        signal.throwIfAborted()
        const isJoined = next === null ? chunk.base <= from : chunk.base === next
        if (!isJoined) throw damaged(chunk.file, `it does not begin at offset ${next ?? from}`, CHUNK_HINT)
        next = chunk.end
        for (const batch of await store.read(chunk)) {
          bytes += batch.length
          batches += 1
          longestBatch = Math.max(longestBatch, batch.length)
          onBytes(batch.length)
        }
      }
      if ((next ?? from) !== end) {
        throw damaged(`${name} partition ${partition}`, `it does not end at offset ${end}`, CHUNK_HINT)
      }
    }
  }
  return { bytes, batches, longestBatch }
}
