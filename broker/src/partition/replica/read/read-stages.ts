import type { Clock } from '../../../platform/clock.ts'
import type { MetricTable } from '../../../platform/metric-table.ts'
import { STAGE_SAMPLE, type StageObservers, stageHistogram } from '../stage-histogram.ts'

const stages = ['confirm', 'log', 'answer'] as const
type ReadStage = (typeof stages)[number]

/** Chooses the reads that are followed through their stages, over all partitions of a broker. */
export class ReadStages {
  /** Null: nothing measures, and no read is followed. */
  observe: StageObservers<ReadStage> | null = null
  readonly #clock: Clock
  #reads = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A request has come in. Null: it is not followed. */
  follow(): FollowedRead | null {
    if (this.observe === null || this.#reads++ % STAGE_SAMPLE !== 0) return null
    return new FollowedRead(this.#clock, this.observe)
  }
}

/** One read under way. One that finds nothing is not told: it has waited for records, which is no work. */
export class FollowedRead {
  readonly #clock: Clock
  readonly #observe: StageObservers<ReadStage>
  #at: number
  #confirmMs = 0

  constructor(clock: Clock, observe: StageObservers<ReadStage>) {
    this.#clock = clock
    this.#observe = observe
    this.#at = clock.monotonic()
  }

  /** The replica may answer. */
  confirmed(): void {
    this.#confirmMs = this.#clock.monotonic() - this.#at
  }

  /** There are records, and they are read now. */
  begun(): void {
    this.#at = this.#clock.monotonic()
  }

  found(): void {
    const at = this.#clock.monotonic()
    this.#observe.confirm(this.#confirmMs / 1000)
    this.#observe.log((at - this.#at) / 1000)
    // Behind all that is done with these records in this turn, sending them among it.
    this.#clock.soon(() => this.#observe.answer((this.#clock.monotonic() - at) / 1000))
  }
}

export const readStageMetric = 'tailrace_read_stage_duration_seconds'

export const readStageMetrics: MetricTable<ReadStages> = {
  counters: [],
  gauges: [],
  labelledHistograms: [
    stageHistogram(
      readStageMetric,
      'Stages of a read by a replica of level 0 that finds records, of one read in 16, without the time for which a reader has waited for new ones: confirm (until a leader knows all that was acknowledged, or that it leads still), log (from memory or disk, repair of damaged entries among it), answer (until it is given to the connection; texts of more than 1 MiB take turns later).',
      stages,
    ),
  ],
}
