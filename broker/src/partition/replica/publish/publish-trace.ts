import type { LogIndex } from '@tailrace/schemas'
import type { Clock } from '../../../platform/clock.ts'
import { type TracePoint, tracePoints } from '../../../platform/trace-points.ts'
import type { GroupSpec } from '../../group.ts'

/** Batches that wait for the leader's disk while majorities of followers go on without it: older ones are not told. */
const MOST_BATCHES = 1024

interface TracedBatch {
  readonly index: LogIndex
  readonly batch: Uint8Array
  /** Milliseconds since 1970, and of the monotonic clock. */
  readonly startedAt: number
  readonly began: number
  isAppended: boolean
  isCommitted: boolean
}

/** Tells the channels `append` and `commit` of batches that this leader has placed in its log. */
export class PublishTrace {
  readonly #clock: Clock
  readonly #spec: () => GroupSpec
  /** By index, upwards. */
  #batches: TracedBatch[] = []

  constructor(clock: Clock, spec: () => GroupSpec) {
    this.#clock = clock
    this.#spec = spec
  }

  /** The batch has its place in the log. */
  placed(batch: Uint8Array, index: LogIndex): void {
    if (!tracePoints.append.hasSubscribers && !tracePoints.commit.hasSubscribers) return
    const { place } = this.#spec()
    if (place === undefined) return
    const [startedAt, began] = [this.#clock.now(), this.#clock.monotonic()]
    this.#batches.push({ index, batch, startedAt, began, isAppended: false, isCommitted: false })
    if (this.#batches.length > MOST_BATCHES) this.#batches.shift()
  }

  /** The leader's own disk has all up to there. */
  persisted(upTo: LogIndex): void {
    if (this.#batches.length === 0) return
    for (const traced of this.#batches) {
      if (traced.index > upTo) break
      if (traced.isAppended) continue
      traced.isAppended = true
      this.#tell('append', traced)
    }
    this.#forget()
  }

  committed(upTo: LogIndex): void {
    if (this.#batches.length === 0) return
    for (const traced of this.#batches) {
      if (traced.index > upTo) break
      if (traced.isCommitted) continue
      traced.isCommitted = true
      this.#tell('commit', traced)
    }
    this.#forget()
  }

  /** It leads no more: what becomes of its batches others decide. */
  clear(): void {
    this.#batches = []
  }

  #forget(): void {
    this.#batches = this.#batches.filter(({ isAppended, isCommitted }) => !isAppended || !isCommitted)
  }

  #tell(point: TracePoint, { batch, startedAt, began }: TracedBatch): void {
    const { place } = this.#spec()
    if (place === undefined || !tracePoints[point].hasSubscribers) return
    const durationMs = this.#clock.monotonic() - began
    tracePoints[point].publish({ ...place, batches: [batch], startedAt, durationMs, error: null })
  }
}
