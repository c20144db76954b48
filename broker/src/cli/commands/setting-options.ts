import { Option } from 'commander'
import type { BrokerSettings, SettingName } from '../../config/broker-settings.ts'
import { parseConfigFile } from '../../config/config-file.ts'
import type { GivenSettings, GivenValue } from '../../config/given-settings.ts'
import { fromEnvironment, fromFile } from '../../config/given-settings.ts'
import { resolveSettings } from '../../config/resolve-settings.ts'
import type { Setting } from '../../config/setting.ts'
import { flagOf, settingTable } from '../../config/setting-table.ts'
import { readTextFile } from '../../platform/node/input-file.ts'
import { UsageError } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'

/** A flag for each of the settings; checking them is left to the configuration. */
export function settingOptions(names: readonly SettingName[]): Option[] {
  return names.map((name) => {
    const { about, fallback, kind } = settingTable[name] as Setting<never>
    const standard =
      fallback === 'required'
        ? 'required'
        : 'value' in fallback
          ? `default: ${kind.show(fallback.value)}`
          : `default: follows ${fallback.follows}`
    // A switch needs no value.
    const value = kind.name === 'boolean' ? `[${kind.name}]` : `<${kind.name}>`
    return new Option(`${flagOf(name)} ${value}`, `${about} (${standard})`)
  })
}

/** --json of a command that runs a broker: its log, and why it does not start. */
export function jsonLogOption(): Option {
  return new Option('--json', 'the same as --log-format json').conflicts('logFormat')
}

export function configOption(): Option {
  return new Option('-c, --config <file>', 'JSON or YAML file of settings (env: TAILRACE_CONFIG)')
}

/** Settings that were given as flags; commander names them as the table does. */
export function givenFlags(options: Readonly<Record<string, unknown>>, names: readonly SettingName[]): GivenSettings {
  const given = new Map<SettingName, GivenValue>()
  for (const name of names) {
    if (options[name] !== undefined) given.set(name, { value: options[name], origin: flagOf(name) })
  }
  return given
}

/** Those of a command with `jsonLogOption`. */
export function givenBrokerFlags(
  options: Readonly<Record<string, unknown>>,
  names: readonly SettingName[],
): GivenSettings {
  const given = givenFlags(options, names)
  return options.json === true ? new Map([...given, ['logFormat', { value: 'json', origin: '--json' }]]) : given
}

/** Settings from flags, environment and file together; `otherwise`: what no place gives. Throws INVALID_SETTING. */
export async function readSettings(
  flags: GivenSettings,
  config: string | undefined,
  terminal: Terminal,
  otherwise: GivenSettings = new Map(),
): Promise<BrokerSettings> {
  const environment = fromEnvironment(terminal.environment, terminal.complain)
  const path = config ?? (terminal.environment.TAILRACE_CONFIG || undefined)
  const file = path === undefined ? new Map() : fromFile(await parseConfigFile(await readConfig(path), path), path)
  return resolveSettings({ flags, environment, file: new Map([...otherwise, ...file]) })
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readTextFile(path)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UsageError(`the configuration file of --config or TAILRACE_CONFIG cannot be read: ${why}`, {
      cause: error,
    })
  }
}
