/** How many of one stage took how long, since the start of the broker. */
export interface StageCounts {
  /** What it is a stage of: publish or read. */
  readonly of: string
  readonly stage: string
  /** For each bound, how many took no longer; at the end, how many there were. */
  readonly counts: readonly number[]
}

/** The stages of publishes and reads that a broker measures (docs/metrics.md). */
export interface Stages {
  /** Seconds, ascending. */
  readonly bounds: readonly number[]
  readonly stages: readonly StageCounts[]
}
