/** Values of the labels that a row adds to those of its item, and the figure. */
export type Series = readonly [values: readonly string[], figure: number]

/** One series for each item, or some that differ in labels of their own; null: the item has none. */
export type SeriesRow<Item> = readonly [
  name: string,
  help: string,
  labels: readonly string[],
  read: (item: Item) => number | null | readonly Series[],
]

/**
 * Gauges of which there is one for each of many items, such as partitions. Nothing is kept for them: they are read
 * when the metrics are asked for, a part of the items at a time.
 */
export interface SeriesTable<Item> {
  /** Labels that all rows have. */
  readonly labels: readonly string[]
  readonly valuesOf: (item: Item) => readonly string[]
  readonly gauges: readonly SeriesRow<Item>[]
}
