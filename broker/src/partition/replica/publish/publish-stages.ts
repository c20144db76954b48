import type { LogIndex } from '@tailrace/schemas'
import type { Clock } from '../../../platform/clock.ts'
import type { MetricTable } from '../../../platform/metric-table.ts'
import { STAGE_SAMPLE, type StageObservers, stageHistogram } from '../stage-histogram.ts'

const stages = ['receive', 'append', 'fsync', 'replicate', 'commit', 'answer'] as const
type PublishStage = (typeof stages)[number]

/** Chooses the batches that are followed through the stages of a publish, over all partitions of a broker. */
export class PublishStages {
  /** Null: nothing measures, and no batch is followed. */
  observe: StageObservers<PublishStage> | null = null
  readonly #clock: Clock
  #batches = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A batch has come in. Null: it is not followed. */
  follow(): FollowedBatch | null {
    if (this.observe === null || this.#batches++ % STAGE_SAMPLE !== 0) return null
    return new FollowedBatch(this.#clock, this.observe)
  }
}

/** One batch that the leader has taken in and not answered. */
export class FollowedBatch {
  index: LogIndex = 0
  readonly #clock: Clock
  readonly #observe: StageObservers<PublishStage>
  #at: number
  /** When it got its place in the log, and when it was written to the round; below 0: not yet. */
  #placedAt = -1
  #writtenAt = -1
  #committed = false
  #synced = false
  #replicated = false

  constructor(clock: Clock, observe: StageObservers<PublishStage>) {
    this.#clock = clock
    this.#observe = observe
    this.#at = clock.monotonic()
  }

  /** It is sound, and new. */
  checked(): void {
    this.#placedAt = this.#tell('receive', this.#at)
  }

  /** The log has it, for its next round. */
  written(): void {
    if (this.#writtenAt < 0) this.#writtenAt = this.#tell('append', this.#placedAt)
  }

  /** The leader's disk has all up to there. */
  synced(index: LogIndex): void {
    if (this.#synced || this.#writtenAt < 0 || index < this.index) return
    this.#synced = true
    this.#tell('fsync', this.#writtenAt)
  }

  /** With the leader, the members that are known to have it are a majority. */
  replicated(): void {
    this.#replicated = true
    this.#tell('replicate', this.#placedAt)
  }

  get isReplicated(): boolean {
    return this.#replicated
  }

  committed(): void {
    this.#committed = true
    const at = this.#tell('commit', this.#placedAt)
    // Behind all that is done for this commit in this turn, the answer among it.
    this.#clock.soon(() => this.#tell('answer', at))
  }

  /** Nothing of it is left to measure. A majority of followers may have it before this disk does. */
  get isOver(): boolean {
    return this.#committed && this.#synced
  }

  #tell(stage: PublishStage, since: number): number {
    const now = this.#clock.monotonic()
    this.#observe[stage]((now - since) / 1000)
    return now
  }
}

export const publishStageMetric = 'tailrace_publish_stage_duration_seconds'

export const publishStageMetrics: MetricTable<PublishStages> = {
  counters: [],
  gauges: [],
  labelledHistograms: [
    stageHistogram(
      publishStageMetric,
      "Stages of a publish on the leader, of one batch in 16: receive (checks), append (until it is in a round), fsync (the leader's own, from there on), replicate (from its place in the log until so many followers have it that, with the leader, they are a majority), commit (from its place in the log until a majority has it, the leader's disk counted like any other), answer (from the commit until it is given to the connection).",
      stages,
    ),
  ],
}
