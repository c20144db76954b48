import type { BrokerSettings, SettingName } from '../config/broker-settings.ts'
import type { Setting } from '../config/setting.ts'
import { settingNames, settingTable } from '../config/setting-table.ts'
import type { MetricTable } from '../platform/metric-table.ts'

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

/** Kinds whose values are numbers or one of some words: no secret can be among them. */
const plainKinds = new Set(['integer', 'bytes', 'duration', 'choice', 'boolean'])

/** Name and value of each setting that differs from its default; a cluster's brokers should have the same ones. */
export function changedSettings(settings: BrokerSettings): [name: string, value: string][] {
  const changed: [string, string][] = []
  for (const name of settingNames) {
    const setting = settingTable[name] as Setting<never>
    if (setting.perBroker === true || setting.fallback === 'required') continue
    const value = setting.kind.show(settings[name] as never)
    if (value === setting.kind.show(defaultOf(name, settings))) continue
    changed.push([name, plainKinds.has(setting.kind.name) ? value : 'set'])
  }
  return changed
}

function defaultOf(name: SettingName, settings: BrokerSettings): never {
  const { fallback } = settingTable[name] as Setting<never>
  if (fallback === 'required') throw new Error(`${name} has no default`)
  return 'value' in fallback ? fallback.value : fallback.from(settings)
}
