/** A figure that a part keeps anyway. It is read when the metrics are asked for, so that nothing is counted twice. */
export type MetricRow<Part> = readonly [name: string, help: string, read: (part: Part) => number]

/**
 * The metrics of one part, declared beside the code that counts them: names and help are data, so that docs/metrics.md
 * follows from them.
 */
export interface MetricTable<Part> {
  readonly counters: readonly MetricRow<Part>[]
  readonly gauges: readonly MetricRow<Part>[]
}
