import type { BrokerSettings } from '../config/broker-settings.ts'
import type { MetricTable } from '../platform/metric-table.ts'
import { changedSettings } from './shown-settings.ts'

/** What runs here, and how it differs from the default. */
export interface ProcessFacts {
  readonly version: string
  readonly settings: BrokerSettings
}

export const processMetrics: MetricTable<ProcessFacts> = {
  counters: [],
  gauges: [],
  labelledGauges: [
    [
      'tailrace_build_info',
      '1, with the version of Tailrace, that of Node.js, and the platform.',
      ['version', 'node', 'platform'],
      ({ version }) => [[[version, process.versions.node, `${process.platform}-${process.arch}`], 1]],
    ],
    [
      'tailrace_setting_info',
      '1 for each setting that differs from its default, except those that differ from broker to broker. Texts, addresses and paths are told as "set".',
      ['name', 'value'],
      ({ settings }) => changedSettings(settings).map((pair) => [pair, 1] as const),
    ],
  ],
}
