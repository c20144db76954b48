/** A figure that a part keeps anyway. It is read when the metrics are asked for, so that nothing is counted twice. */
export type MetricRow<Part> = readonly [name: string, help: string, read: (part: Part) => number]

/** Figures that differ in one or more labels, which are few: one for each list of values of the labels. */
export type LabelledRow<Part> = readonly [
  name: string,
  help: string,
  labels: readonly string[],
  read: (part: Part) => Iterable<readonly [values: readonly string[], figure: number]>,
]

export type Observe = (value: number) => void

/** A distribution: the part calls `observe` for each event, from `attach` on. */
export type HistogramRow<Part> = readonly [
  name: string,
  help: string,
  bounds: readonly number[],
  attach: (part: Part, observe: Observe) => void,
]

/** Distributions that differ in one label: the part asks for the observer of each value. */
export type LabelledHistogramRow<Part> = readonly [
  name: string,
  help: string,
  label: string,
  bounds: readonly number[],
  attach: (part: Part, observerOf: (value: string) => Observe) => void,
]

/**
 * The metrics of one part, declared beside the code that counts them: names and help are data, so that docs/metrics.md
 * follows from them.
 */
export interface MetricTable<Part> {
  /** Counts what takes longer to count; done before the figures are read, once each time. */
  readonly refresh?: (part: Part) => Promise<void>
  readonly counters: readonly MetricRow<Part>[]
  readonly gauges: readonly MetricRow<Part>[]
  readonly labelledCounters?: readonly LabelledRow<Part>[]
  readonly labelledGauges?: readonly LabelledRow<Part>[]
  readonly histograms?: readonly HistogramRow<Part>[]
  readonly labelledHistograms?: readonly LabelledHistogramRow<Part>[]
}

/** For what has no listener yet. */
export const unobserved: Observe = () => {}
