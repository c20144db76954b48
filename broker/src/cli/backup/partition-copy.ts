import { baseOffsetAt, endOffsetAt, forEachBatch, type Offset, TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'
import { CommandFailure } from '../command-failure.ts'
import { CHUNK_BYTES, type Chunk } from './backup-files.ts'
import type { PartitionBackup } from './backup-shape.ts'
import type { ChunkStore } from './chunk-store.ts'
import type { ClusterRecords, Place } from './cluster-records.ts'
import type { RateLimit } from './rate-limit.ts'

/** How often the copy of one partition is begun, if records that it still needs are removed meanwhile. */
const BEGINNINGS = 5
/** Answers without the next record, one after the other, after which a partition is given up. */
const EMPTY_ANSWERS = 10
const EMPTY_PAUSE_MS = 1_000
/** An answer holds one batch at least. */
const ONE_BATCH = 1
const OTHER_FOLDER = 'Make a whole backup in a new folder with --to, and keep this one: it has the lost records.'

export interface CopyDeps {
  readonly records: ClusterRecords
  readonly clock: Clock
  readonly limit: RateLimit
  readonly signal: AbortSignal
  /** Bytes that have been written. */
  readonly onBytes: (bytes: number) => void
}

/**
 * Copies what the partition had when this was called, beyond what an earlier backup in the folder has. If retention
 * removes records that are still to be copied, the copy begins again at the new start of the partition.
 * @throws CommandFailure TIMED_OUT (it does not answer with records that it has), OFFSET_OUT_OF_RANGE (retention is
 * faster than the copy, or the partition has lost records that the folder has); TailraceError, DiskError; the error of
 * the signal
 */
export async function copyPartition(place: Place, store: ChunkStore, deps: CopyDeps): Promise<PartitionBackup> {
  await store.removeUnfinished()
  for (let beginning = 1; ; beginning++) {
    const { logStart, end, ...token } = await deps.records.ends(place)
    const chunks = await store.chunksFrom(logStart)
    const last = chunks.at(-1)
    const known = last?.end ?? 0
    if (known > end) throw cutBack(place, known, end)
    const gathered = new Gathered(store, chunks)
    try {
      if (last !== undefined) await checkHistory(place, last, store, deps)
      await copyBatches(place, { next: Math.max(known, logStart), end }, gathered, deps)
    } catch (error) {
      if (!(error instanceof TailraceError && error.code === 'OFFSET_OUT_OF_RANGE')) throw error
      if (beginning === BEGINNINGS) throw overtaken(place, error)
      await gathered.flush()
      continue
    }
    await gathered.flush()
    const from = chunks[0] === undefined ? logStart : Math.max(chunks[0].base, logStart)
    return { from, end: chunks.at(-1)?.end ?? from, chunks: chunks.map(({ file }) => file), ...token }
  }
}

/**
 * What follows continues the last chunk only if the partition still has the same batch there. All before it is the same
 * then: records in the place of lost ones are of a later term, and so is all behind them; a batch carries its term.
 */
async function checkHistory(place: Place, last: Chunk, store: ChunkStore, deps: CopyDeps): Promise<void> {
  const [batch] = await batchesFrom(place, last.end - 1, last.end, deps, ONE_BATCH)
  if (endOffsetAt(batch!, 0) !== last.end || !(await store.endsWith(last, batch!))) throw otherHistory(place, last.end)
}

async function copyBatches(
  place: Place,
  wanted: { readonly next: Offset; readonly end: Offset },
  gathered: Gathered,
  deps: CopyDeps,
): Promise<void> {
  let { next } = wanted
  while (next < wanted.end) {
    for (const batch of await batchesFrom(place, next, wanted.end, deps)) {
      // A batch that was left out is asked for again: a chunk has no gap.
      if (next >= wanted.end || baseOffsetAt(batch, 0) > next) break
      next = endOffsetAt(batch, 0)
      deps.onBytes(batch.length)
      await gathered.add(batch)
    }
  }
}

/** One or more batches, of which the first one holds the offset. `end`: up to which the partition has records. */
async function batchesFrom(
  place: Place,
  offset: Offset,
  end: Offset,
  { records, clock, limit, signal }: CopyDeps,
  mostBytes?: number,
): Promise<Uint8Array[]> {
  for (let answers = 1; ; answers++) {
    const body = await records.read(place, offset, mostBytes)
    await limit.take(body.length, signal)
    signal.throwIfAborted()
    const batches: Uint8Array[] = []
    forEachBatch(body, (start, stop) => batches.push(body.slice(start, stop)))
    const first = batches[0]
    if (first !== undefined && baseOffsetAt(first, 0) <= offset && endOffsetAt(first, 0) > offset) return batches
    // The partition has these records: an answer without them is never its end.
    if (answers === EMPTY_ANSWERS) throw unanswered(place, offset, end)
    await pause(clock, EMPTY_PAUSE_MS, signal)
    signal.throwIfAborted()
  }
}

function unanswered({ topic, partition }: Place, next: Offset, end: Offset): CommandFailure {
  return new CommandFailure({
    code: 'TIMED_OUT',
    message: `${topic} partition ${partition} has records up to offset ${end}, but answered ${EMPTY_ANSWERS} times without the one at ${next}. No backup has been made.`,
    retriable: true,
    hint: 'Check the partition with "tailrace doctor". The same command continues after the chunks that are written.',
  })
}

function overtaken({ topic, partition }: Place, cause: TailraceError): CommandFailure {
  const shape = {
    code: 'OFFSET_OUT_OF_RANGE',
    message: `Records of ${topic} partition ${partition} were removed before they could be copied, ${BEGINNINGS} times. No backup has been made.`,
    retriable: true,
    hint: 'Raise the retention of the topic, or --rate, and repeat the command.',
  } as const
  return new CommandFailure(shape, { cause })
}

/** Other records get the offsets of the lost ones: chunks with both would be of no partition that ever was. */
function cutBack({ topic, partition }: Place, known: Offset, end: Offset): CommandFailure {
  return new CommandFailure({
    code: 'OFFSET_OUT_OF_RANGE',
    message: `${topic} partition ${partition} ends at offset ${end}, but there are backups of it up to ${known}: it has lost records since. No backup has been made.`,
    retriable: false,
    hint: OTHER_FOLDER,
  })
}

/** Only this shows it once the partition has grown beyond its last backup. */
function otherHistory({ topic, partition }: Place, known: Offset): CommandFailure {
  return new CommandFailure({
    code: 'OFFSET_OUT_OF_RANGE',
    message: `${topic} partition ${partition} has another record at offset ${known - 1} than the backups of it: it has lost records since, and others have got their offsets. No backup has been made.`,
    retriable: false,
    hint: OTHER_FOLDER,
  })
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
