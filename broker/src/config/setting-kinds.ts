import { isPrincipal } from '../security/identity/principal.ts'

/**
 * How a value of each kind is read from text or from a JSON/YAML file, and the text of the error when it is wrong.
 * `read` answers the value, or `undefined` when the given one is not of this kind or out of range.
 */
export interface SettingKind<Value> {
  readonly name: string
  /** The valid values, as the end of "must be …". */
  readonly valid: string
  read(given: unknown): Value | undefined
  /** How a value is shown in documentation. */
  show(value: Value): string
}

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
}
/** As many as a report of a cascade broker carries. */
const MOST_PATTERNS = 1000
const timeUnits: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A whole number from `least` to `most`, both included. */
export function integer(least: number, most: number): SettingKind<number> {
  return {
    name: 'integer',
    valid: `a whole number from ${least} to ${most}`,
    read: (given) => within(scaled(given, { '': 1 }), least, most),
    show: String,
  }
}

/** A number of bytes, plain or with KiB, MiB, GiB or TiB. */
export function bytes(least: number, most: number): SettingKind<number> {
  return {
    name: 'bytes',
    valid: `a number of bytes from ${showBytes(least)} to ${showBytes(most)}, plain or with KiB, MiB or GiB`,
    read: (given) => within(scaled(given, byteUnits), least, most),
    show: showBytes,
  }
}

/** A number of milliseconds, plain or with ms, s or m. */
export function duration(least: number, most: number): SettingKind<number> {
  return {
    name: 'duration',
    valid: `a number of milliseconds from ${least} to ${most}, plain or with ms, s or m`,
    read: (given) => within(scaled(given, timeUnits), least, most),
    show: (value) => `${value} ms`,
  }
}

export function choice<Value extends string>(values: readonly Value[]): SettingKind<Value> {
  return {
    name: 'choice',
    valid: `one of ${values.join(', ')}`,
    // YAML reads 1.3 as a number.
    read: (given) => values.find((value) => value === (typeof given === 'number' ? String(given) : given)),
    show: String,
  }
}

export const folder: SettingKind<string> = {
  name: 'folder',
  valid: 'the path of a folder',
  read: (given) => (typeof given === 'string' && given.length > 0 && !given.includes('\0') ? given : undefined),
  show: String,
}

/** The path of a file; empty for none. */
export const fileOrNone: SettingKind<string> = {
  name: 'file',
  valid: 'the path of a file, or nothing for none',
  read: (given) => (typeof given === 'string' && !given.includes('\0') ? given : undefined),
  show: (value) => value || 'none',
}

/** The name of a host, or none. */
export const hostNameOrNone: SettingKind<string> = {
  name: 'name',
  valid: 'a host name, or nothing for none',
  read: (given) =>
    typeof given === 'string' && /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/.test(given) ? given : undefined,
  show: (value) => value || 'none',
}

/** Names by broker: `1=a.example,2=b.example` in text, an object in a file. */
export const brokerNames: SettingKind<ReadonlyMap<number, string>> = {
  name: 'names',
  valid: 'names by broker, like 1=a.example,2=b.example',
  read(given) {
    const pairs = typeof given === 'string' ? given.split(',').map((pair) => pair.trim().split('=')) : entriesOf(given)
    const names = new Map<number, string>()
    for (const [id, name] of pairs ?? [['']]) {
      if (!/^[1-9]\d{0,9}$/.test(id!) || typeof name !== 'string' || !/^[\w.*:/@-]{1,255}$/.test(name)) return undefined
      names.set(Number(id), name)
    }
    return names.size === pairs?.length ? names : undefined
  },
  show: (names) => [...names].map((pair) => pair.join('=')).join(',') || 'none',
}

function entriesOf(given: unknown): [string, unknown][] | null {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given) : null
}

/** host:port; an IPv6 host stands in brackets. */
export const address: SettingKind<string> = {
  name: 'address',
  valid: 'an address like 127.0.0.1:8080, host.example:8080 or [::1]:8080',
  read: (given) => (typeof given === 'string' && isAddress(given) ? given : undefined),
  show: String,
}

/** One or more addresses: separated by commas in text, a list in a file. */
export const addresses: SettingKind<readonly string[]> = {
  name: 'addresses',
  valid: 'addresses separated by commas, like 127.0.0.1:7080,127.0.0.1:7081, each at most once',
  read(given) {
    const list = typeof given === 'string' ? given.split(',').map((item) => item.trim()) : given
    if (!Array.isArray(list) || list.length === 0 || new Set(list).size !== list.length) return undefined
    return list.every((item) => typeof item === 'string' && isAddress(item)) ? list : undefined
  },
  show: (value) => value.join(','),
}

/** As `addresses`, or none at all: an empty list in a file. */
export const addressesOrNone: SettingKind<readonly string[]> = {
  ...addresses,
  read: (given) => (Array.isArray(given) && given.length === 0 ? [] : addresses.read(given)),
  show: (value) => addresses.show(value) || 'none',
}

/** Names of hosts, or none; `*` alone for any. */
export const hostNames: SettingKind<readonly string[]> = {
  name: 'host names',
  valid: 'host names separated by commas, like broker.example.org, or * for any',
  read: (given) => listOf(given, (item) => item === '*' || /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(item)),
  show: (value) => value.join(',') || 'none',
}

/** Principals as `User:alice`, or none. */
export const principals: SettingKind<readonly string[]> = {
  name: 'principals',
  valid: 'principals separated by commas, like User:admin,User:ops',
  read: (given) => listOf(given, (item) => isPrincipal(item)),
  show: (value) => value.join(',') || 'none',
}

/** Names of topics, or beginnings of names with `*` behind them; `*` alone for all. */
export const topicPatterns: SettingKind<readonly string[]> = {
  name: 'topics',
  valid: `up to ${MOST_PATTERNS} names of topics separated by commas, like flights,orders.*, each at most once, where * at the end stands for whatever follows`,
  read: (given) => {
    const list = listOf(given, (item) => /^([A-Za-z0-9._-]{1,249}\*?|\*)$/.test(item))
    return list !== undefined && list.length > 0 && list.length <= MOST_PATTERNS ? list : undefined
  },
  show: (value) => value.join(','),
}

/** True or false. */
export const yesOrNo: SettingKind<boolean> = {
  name: 'boolean',
  valid: 'true or false',
  read: (given) =>
    given === true || given === 'true' ? true : given === false || given === 'false' ? false : undefined,
  show: String,
}

/** Any text; `shape`: what it must match, and the words for that. */
export function text(shape: RegExp, words: string): SettingKind<string> {
  return {
    name: 'text',
    valid: words,
    read: (given) => (typeof given === 'string' && shape.test(given) ? given : undefined),
    show: (value) => value || 'none',
  }
}

/** Origins of web pages as browsers send them, or none; `orAny`: `*` alone for any. */
export function origins(orAny: boolean): SettingKind<readonly string[]> {
  return {
    name: 'origins',
    valid: `origins separated by commas, like https://app.example.org,http://localhost:5173${orAny ? ', or * for any' : ''}`,
    read: (given) => listOf(given, (item) => (orAny && item === '*') || URL.parse(item)?.origin === item),
    show: (value) => value.join(',') || 'none',
  }
}

/** A list in a file, or text with commas, of items that are each valid; an empty one is fine. */
function listOf(given: unknown, isValid: (item: string) => boolean): readonly string[] | undefined {
  const list: unknown = typeof given === 'string' ? given.split(',').map((item) => item.trim()) : given
  if (!Array.isArray(list) || new Set(list).size !== list.length) return undefined
  return list.every((item) => typeof item === 'string' && isValid(item)) ? list : undefined
}

/** Splits host:port; the host comes without brackets. Null if it is not an address. */
export function splitAddress(text: string): { readonly host: string; readonly port: number } | null {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text)
  if (match === null) return null
  const port = Number(match[3])
  return port > 65_535 ? null : { host: match[1] ?? match[2]!, port }
}

export function showBytes(value: number): string {
  for (const [unit, size] of [
    ['TiB', 1024 ** 4],
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (value >= size && value % size === 0) return `${value / size} ${unit}`
  }
  return String(value)
}

function isAddress(text: string): boolean {
  return splitAddress(text) !== null
}

/**
 * A whole number of the smallest unit. Files give numbers, flags and environment give text; both may carry a unit as
 * text.
 */
function scaled(given: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof given === 'number') return Number.isSafeInteger(given) ? given : undefined
  if (typeof given !== 'string') return undefined
  const match = /^(\d+)\s*([a-zA-Z]*)$/.exec(given.trim())
  const unit = match === null ? undefined : units[match[2]!.toLowerCase()]
  if (match === null || unit === undefined) return undefined
  const value = Number(match[1]) * unit
  return Number.isSafeInteger(value) ? value : undefined
}

function within(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined
}
