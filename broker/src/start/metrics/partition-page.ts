import type { BrokerSettings } from '../../config/broker-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import type { MetricTable } from '../../platform/metric-table.ts'
import type { SeriesTable } from '../../platform/series-table.ts'
import { seriesText } from './series-text.ts'

export type SeriesSettings = Pick<BrokerSettings, 'metricsPerPartition' | 'metricsMaxPartitions'>

/** The series of each partition, unless settings leave them out. */
export class PartitionPage<Item> {
  readonly #settings: SeriesSettings
  readonly #table: SeriesTable<Item>
  readonly #partitions: { count(): number; figures(): Iterable<Item> }
  readonly #clock: Clock

  constructor(
    settings: SeriesSettings,
    clock: Clock,
    table: SeriesTable<Item>,
    partitions: { count(): number; figures(): Iterable<Item> },
  ) {
    this.#settings = settings
    this.#clock = clock
    this.#table = table
    this.#partitions = partitions
  }

  get isShown(): boolean {
    const { metricsPerPartition, metricsMaxPartitions } = this.#settings
    return metricsPerPartition && this.#partitions.count() <= metricsMaxPartitions
  }

  async *text(): AsyncIterable<string> {
    if (this.isShown) yield* seriesText(this.#table, this.#partitions.figures(), this.#clock)
  }
}

export const partitionPageMetrics: MetricTable<Pick<PartitionPage<never>, 'isShown'>> = {
  counters: [],
  gauges: [
    [
      'tailrace_partition_series_shown',
      '1 while there are series of each partition; 0: metricsPerPartition is false, or metricsMaxPartitions exceeded.',
      ({ isShown }) => Number(isShown),
    ],
  ],
}
