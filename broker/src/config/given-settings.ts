import { TailraceError } from '@tailrace/schemas/tailrace-error'
import type { SettingName } from './broker-settings.ts'
import { nearest } from './nearest.ts'
import { environmentNameOf, settingNames } from './setting-table.ts'

/** A value as it was given, and how to call it when it is wrong: `--http`, `TAILRACE_HTTP`, `http in broker.yaml`. */
export interface GivenValue {
  readonly value: unknown
  readonly origin: string
}
export type GivenSettings = ReadonlyMap<SettingName, GivenValue>

/** Names in the environment that belong to the command line and not to a broker. */
const otherEnvironmentNames = [
  'TAILRACE_SERVER',
  'TAILRACE_CONFIG',
  'TAILRACE_PROFILE',
  'TAILRACE_USER',
  'TAILRACE_PASSWORD',
  'TAILRACE_PASSWORD_FILE',
  'TAILRACE_TOKEN',
  'TAILRACE_TOKEN_FILE',
  'TAILRACE_TLS_CA',
  'TAILRACE_TLS_CERT',
  'TAILRACE_TLS_KEY',
  'TAILRACE_TLS_SERVER_NAME',
]

/**
 * Variables that Kubernetes and Docker put into the environment for a service whose name begins with `tailrace`. No
 * setting may have such a name (a test makes sure).
 */
export const isServiceVariable = (variable: string): boolean =>
  /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/.test(variable)

/**
 * Settings out of TAILRACE_… variables. An empty variable counts as not set, as shells and compose files write it. A
 * variable that is no setting may belong to another program: `warn` is told of it, and of the setting that may have
 * been meant.
 */
export function fromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  warn: (text: string) => void,
): GivenSettings {
  const byVariable = new Map(settingNames.map((name) => [environmentNameOf(name), name]))
  const given = new Map<SettingName, GivenValue>()
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('TAILRACE_') || value === undefined || value === '') continue
    const name = byVariable.get(variable)
    if (name !== undefined) given.set(name, { value, origin: variable })
    else if (!otherEnvironmentNames.includes(variable) && !isServiceVariable(variable)) {
      const guess = nearest(variable, [...byVariable.keys(), ...otherEnvironmentNames])
      const advice = guess === null ? '' : ` Did you mean ${guess}?`
      warn(`warning: ${variable} in the environment is no setting and is ignored.${advice}`)
    }
  }
  return given
}

/**
 * Settings out of a parsed configuration file. Throws INVALID_SETTING for a name that is no setting, or if the file
 * holds no object.
 */
export function fromFile(content: unknown, path: string): GivenSettings {
  if (content === null || content === undefined) return new Map()
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new TailraceError('INVALID_SETTING', `${path} must hold an object of settings, like "http: 127.0.0.1:8080".`)
  }
  const given = new Map<SettingName, GivenValue>()
  for (const [name, value] of Object.entries(content)) {
    if (!isSettingName(name)) throw unknownSetting(name, `in ${path}`, settingNames)
    given.set(name, { value, origin: `${name} in ${path}` })
  }
  return given
}

function isSettingName(name: string): name is SettingName {
  return (settingNames as readonly string[]).includes(name)
}

function unknownSetting(name: string, where: string, known: readonly string[]): TailraceError {
  const guess = nearest(name, known)
  const advice = guess === null ? `Known are: ${known.join(', ')}.` : `Did you mean ${guess}?`
  return new TailraceError('INVALID_SETTING', `${name} ${where} is no setting. ${advice}`)
}
