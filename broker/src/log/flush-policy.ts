import { FLUSH_BYTES, type Flusher } from './flusher.ts'
import type { StoredGroupLog } from './group-log.ts'
import type { Journal } from './journal/journal.ts'
import type { LogMetrics } from './log-storage.ts'
import type { Checkpointer } from './recovery/checkpointer.ts'
import type { TailPool } from './tail/tail-pool.ts'

/**
 * Bytes that segments may get without a checkpoint, when the journal has references only: recovery reads them again.
 */
const CHECKPOINT_SEGMENT_BYTES = 256 * 1024 * 1024

export interface FlushPolicyDeps {
  readonly pool: TailPool
  readonly metrics: LogMetrics
  readonly flusher: Flusher
  readonly journal: Journal
  readonly checkpointer: Checkpointer
  readonly logs: Iterable<StoredGroupLog>
}

/**
 * Decides when groups' entries are written to their segments, when a checkpoint is made, and whether the next round
 * waits.
 */
export class FlushPolicy {
  readonly #deps: FlushPolicyDeps
  #checkpointedBytes = 0

  constructor(deps: FlushPolicyDeps) {
    this.#deps = deps
  }

  /** After each round. */
  onRound(logs: readonly StoredGroupLog[]): void {
    const { pool, metrics, flusher, checkpointer } = this.#deps
    for (const log of logs) if (log.segments.queuedBytes >= FLUSH_BYTES) flusher.add(log)
    if (pool.pressed) this.#flushAll()
    metrics.tailBytes = pool.bytes
    if (metrics.segmentBytes - this.#checkpointedBytes < CHECKPOINT_SEGMENT_BYTES) return
    this.#checkpointedBytes = metrics.segmentBytes
    checkpointer.request()
  }

  /** The condition that the next round has to wait for: memory for entries that segments lack, or a journal file. */
  room(): Promise<void> | null {
    const { pool, flusher, journal, checkpointer } = this.#deps
    if (pool.crowded) {
      this.#flushAll()
      return flusher.progress()
    }
    if (journal.spare) return null
    checkpointer.request()
    return journal.released()
  }

  #flushAll(): void {
    const { logs, flusher } = this.#deps
    for (const log of logs) if (log.segments.done < log.segments.allowed) flusher.add(log)
  }
}
