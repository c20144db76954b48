import type { BrokerSettings } from '../config/broker-settings.ts'
import { fromFile } from '../config/given-settings.ts'
import { resolveSettings } from '../config/resolve-settings.ts'

/** Settings by name, as values or as a configuration file has them: `{ maxBatchBytes: '4MiB' }`. */
export type EmbeddedSettings = { readonly [Name in keyof BrokerSettings]?: BrokerSettings[Name] | string | number }

/**
 * Checked and complete settings of a broker within another process.
 * @throws TailraceError INVALID_SETTING that names the setting and what would be valid
 */
export function embeddedSettings(given: EmbeddedSettings): BrokerSettings {
  return resolveSettings({ flags: fromFile(given, 'the settings'), environment: new Map(), file: new Map() })
}
