import type { Clock } from '../../../platform/clock.ts'
import type { MetricTable, Observe } from '../../../platform/metric-table.ts'

/** Of so many reads, one is followed. */
const SAMPLE = 16

const stages = ['confirm', 'log', 'answer'] as const
type ReadStage = (typeof stages)[number]

/** Chooses the reads that are followed through their stages, over all partitions of a broker. */
export class ReadStages {
  /** Null: nothing measures, and no read is followed. */
  observe: Readonly<Record<ReadStage, Observe>> | null = null
  readonly #clock: Clock
  #reads = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A request has come in. Null: it is not followed. */
  follow(): FollowedRead | null {
    if (this.observe === null || this.#reads++ % SAMPLE !== 0) return null
    return new FollowedRead(this.#clock, this.observe)
  }
}

/** One read under way. One that finds nothing is not told: it has waited for records, which is no work. */
export class FollowedRead {
  readonly #clock: Clock
  readonly #observe: Readonly<Record<ReadStage, Observe>>
  #at: number
  #confirmMs = 0

  constructor(clock: Clock, observe: Readonly<Record<ReadStage, Observe>>) {
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

const bounds = [0.00001, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

export const readStageMetrics: MetricTable<ReadStages> = {
  counters: [],
  gauges: [],
  labelledHistograms: [
    [
      'tailrace_read_stage_duration_seconds',
      'Stages of a read by a replica of level 0 that finds records, of one read in 16, without the time for which a reader has waited for new ones: confirm (until a leader knows all that was acknowledged, or that it leads still), log (from memory or disk, repair of damaged entries among it), answer (until it is given to the connection; texts of more than 1 MiB take turns later).',
      'stage',
      bounds,
      (part, observerOf) => {
        part.observe = Object.fromEntries(stages.map((stage) => [stage, observerOf(stage)])) as Record<
          ReadStage,
          Observe
        >
      },
    ],
  ],
}
