import type { ShownSetting } from '../api/shown-setting.ts'
import type { BrokerSettings, SettingName } from '../config/broker-settings.ts'
import type { Setting } from '../config/setting.ts'
import { settingNames, settingTable } from '../config/setting-table.ts'

/** Kinds whose values are numbers or one of some words: no secret can be among them. */
const plainKinds = new Set(['integer', 'bytes', 'duration', 'choice', 'boolean'])

/** All settings of a broker, in the order of the documentation. */
export function shownSettings(settings: BrokerSettings): ShownSetting[] {
  return settingNames.map((name) => shown(name, settings))
}

/** Name and value of each setting that differs from its default; a cluster's brokers should have the same ones. */
export function changedSettings(settings: BrokerSettings): [name: string, value: string][] {
  return shownSettings(settings)
    .filter(({ changed, perBroker }) => changed && !perBroker)
    .map(({ name, value }) => [name, value])
}

function shown(name: SettingName, settings: BrokerSettings): ShownSetting {
  const { kind, fallback, about, perBroker = false } = settingTable[name] as Setting<never>
  const isPlain = plainKinds.has(kind.name)
  const value = kind.show(settings[name] as never)
  if (fallback === 'required')
    return { name, value: isPlain ? value : 'set', default: null, changed: false, perBroker, about }
  const usual = kind.show('value' in fallback ? fallback.value : fallback.from(settings))
  const changed = value !== usual
  const isKnown = isPlain || 'value' in fallback
  const told = isPlain || (!changed && isKnown) ? value : 'set'
  return { name, value: told, default: isKnown ? usual : null, changed, perBroker, about }
}
