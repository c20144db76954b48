import { TailraceError } from '@tailrace/schemas/tailrace-error'
import type { BrokerSettings, SettingName } from './broker-settings.ts'
import { exposureRule } from './exposure.ts'
import type { GivenSettings, GivenValue } from './given-settings.ts'
import { securityRules } from './security-settings.ts'
import type { Setting } from './setting.ts'
import { showBytes, splitAddress } from './setting-kinds.ts'
import { environmentNameOf, flagOf, settingNames, settingTable } from './setting-table.ts'
import { tlsRules } from './tls-settings.ts'

/** Where settings come from; the earlier wins. */
export interface SettingSources {
  readonly flags: GivenSettings
  readonly environment: GivenSettings
  readonly file: GivenSettings
}

/**
 * Checked and complete settings. Throws INVALID_SETTING that names the setting, the value given, and what would be
 * valid.
 */
export function resolveSettings(sources: SettingSources): BrokerSettings {
  const resolved: Record<string, unknown> = {}
  for (const name of settingNames) {
    const given = find(sources, name)
    if (given !== undefined) resolved[name] = checked(name, given)
  }
  for (const name of fallbackOrder) {
    if (resolved[name] === undefined) resolved[name] = fallback(name, resolved as unknown as BrokerSettings)
  }
  const settings = resolved as unknown as BrokerSettings
  for (const rule of rulesAcross) {
    const broken = rule(settings)
    if (broken !== null) throw new TailraceError('INVALID_SETTING', broken)
  }
  return settings
}

/** `join` follows `advertisedPeer`, which follows `peer`: it comes last. */
const fallbackOrder: readonly SettingName[] = [...settingNames.filter((name) => name !== 'join'), 'join']

function find(sources: SettingSources, name: SettingName): GivenValue | undefined {
  return sources.flags.get(name) ?? sources.environment.get(name) ?? sources.file.get(name)
}

/** Checks one given value. */
export function checked(name: SettingName, given: GivenValue): unknown {
  const { kind } = settingTable[name]
  const value = kind.read(given.value)
  if (value !== undefined) return value
  throw new TailraceError(
    'INVALID_SETTING',
    `${given.origin} is ${JSON.stringify(given.value)}, but must be ${kind.valid}.`,
  )
}

function fallback(name: SettingName, settings: BrokerSettings): unknown {
  const { fallback, kind, unneededWith }: Setting<unknown> = settingTable[name] as Setting<never>
  if (fallback === 'required') {
    if (unneededWith !== undefined && settings[unneededWith]) return ''
    const ways = `${flagOf(name)}, ${environmentNameOf(name)}, or ${name} in the file of --config`
    throw new TailraceError('INVALID_SETTING', `${name} is missing: give ${kind.valid} with ${ways}.`)
  }
  return 'value' in fallback ? fallback.value : fallback.from(settings)
}

/** Demands of one setting on another; each returns the fault, or null. */
const rulesAcross: readonly ((settings: BrokerSettings) => string | null)[] = [
  (s) =>
    s.heartbeatMs * 2 <= s.electionTimeoutMs
      ? null
      : `heartbeatMs is ${s.heartbeatMs}, but must be at most half of electionTimeoutMs, which is ${s.electionTimeoutMs}.`,
  (s) => atMost(s, 'maxBatchBytes', 'maxFrameBytes', frameOverhead),
  (s) => atMost(s, 'maxAppendBytes', 'maxFrameBytes', frameOverhead),
  (s) =>
    s.maxReceiveBytes >= 2 * s.maxFrameBytes
      ? null
      : `maxReceiveBytes is ${s.maxReceiveBytes}, but must be at least twice maxFrameBytes, which is ${s.maxFrameBytes}.`,
  (s) => atMost(s, 'maxBatchBytes', 'journalFileBytes', frameOverhead),
  (s) => atMost(s, 'maxBatchBytes', 'segmentBytes', 0),
  (s) =>
    s.directBytes * 2 <= s.journalFileBytes
      ? null
      : `directBytes is ${s.directBytes}, but must be at most half of journalFileBytes, which is ${s.journalFileBytes}.`,
  (s) => atMost(s, 'maxBatchBytes', 'maxUncommittedBytes', 0),
  (s) => (s.memory ? atMost(s, 'maxBatchBytes', 'memoryBytes', frameOverhead) : null),
  (s) =>
    s.memory && s.source.length === 0 ? 'memory is a setting of "tailrace cascade": other brokers need a disk.' : null,
  ...tlsRules,
  ...securityRules,
  (s) => reachable(s.advertisedHttp, 'advertisedHttp', 'http'),
  (s) => reachable(s.advertisedPeer, 'advertisedPeer', 'peer'),
  (s) =>
    s.http === s.peer && splitAddress(s.http)?.port !== 0 ? `http and peer are both ${s.http}, but must differ.` : null,
  exposureRule,
]

/** Room for the message header around a batch. */
export const frameOverhead = 4096

function atMost(settings: BrokerSettings, small: SettingName, large: SettingName, room: number): string | null {
  const most = Number(settings[large]) - room
  if (Number(settings[small]) <= most) return null
  const why = room === 0 ? large : `${large} less ${showBytes(room)}`
  return `${small} is ${settings[small]}, but must be at most ${most} (${why}).`
}

/** An address that stands for all interfaces can be listened on, but no other machine can connect to it. */
function reachable(address: string, name: SettingName, listen: SettingName): string | null {
  const host = splitAddress(address)?.host
  if (host !== '0.0.0.0' && host !== '::') return null
  return `${name} is ${JSON.stringify(address)}, which others cannot connect to: with ${listen} on all interfaces, give ${flagOf(name)} HOST:PORT.`
}
