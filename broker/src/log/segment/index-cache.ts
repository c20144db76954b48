import { verifyBatch } from '@tailrace/schemas'
import type { Crc32c } from '../../platform/checksum.ts'
import { headerOrNull } from '../entry-header.ts'
import { scanBatches } from './batch-scan.ts'
import { readIndexFile } from './index-file.ts'
import type { OpenFiles } from './open-files.ts'
import { Segment } from './segment.ts'
import { NO_TIME, SparseIndex } from './sparse-index.ts'

/** Indexes of sealed segments that stay in memory. */
const MAX_CACHED = 64
const SCAN_WINDOW_BYTES = 1024 * 1024

/** The services that reading an index needs. */
export interface IndexEnv {
  readonly files: OpenFiles
  readonly crc32c: Crc32c
  /** Bytes between two places. */
  readonly indexInterval: number
}

/** Sealed segments have their index in a file and, while they are read, in memory. */
export class IndexCache {
  readonly #cached = new Set<Segment>()

  /** The index of a segment: from memory, else from its file, else from its batches. */
  async load(env: IndexEnv, segment: Segment): Promise<SparseIndex> {
    const index = segment.index ?? (await readIndex(env, segment)) ?? (await rebuildIndex(env, segment))
    // Another reader may have been faster, and may have changed it since.
    segment.index ??= index
    if (segment.sealed) this.#note(segment)
    return segment.index
  }

  forget(segment: Segment): void {
    this.#cached.delete(segment)
  }

  #note(segment: Segment): void {
    this.#cached.delete(segment)
    this.#cached.add(segment)
    if (this.#cached.size <= MAX_CACHED) return
    for (const oldest of this.#cached) {
      this.#cached.delete(oldest)
      // A segment that grows again, after a truncation, needs its index.
      if (oldest.sealed && oldest.index !== null && oldest.indexed === oldest.index.length) oldest.index = null
      return
    }
  }
}

/** Null if the file is missing, short, or not the one that the checkpoint or the segment's writer knows. */
export async function readIndex(env: IndexEnv, segment: Segment): Promise<SparseIndex | null> {
  return env.files.use(segment.indexPath, (file) =>
    readIndexFile(file, segment.indexed, segment.indexChecksum, env.crc32c),
  )
}

/**
 * Walks the whole segment and writes the file anew. Stops at the first batch that is not sound, which reads will then
 * find as well.
 */
export async function rebuildIndex(env: IndexEnv, segment: Segment): Promise<SparseIndex> {
  const copy = new Segment('', segment.baseIndex, segment.baseOffset, new SparseIndex(env.crc32c))
  await env.files.use(segment.path, (file) =>
    scanBatches(file, 0, segment.bytes, SCAN_WINDOW_BYTES, (bytes, at, end) => {
      const header = verifyBatch(bytes, at, end, env.crc32c) ? headerOrNull(bytes, at, end, copy.lastIndex + 1) : null
      if (header === null || header.baseOffset !== copy.endOffset) return false
      copy.add(header, bytes, at, env.indexInterval)
      return true
    }),
  )
  // Where a segment begins is known in any case.
  if (copy.index!.length === 0) copy.index!.add(segment.baseIndex, segment.baseOffset, 0, NO_TIME)
  segment.index = copy.index!
  segment.indexed = 0
  await segment.writeIndex(env.files)
  return segment.index
}
