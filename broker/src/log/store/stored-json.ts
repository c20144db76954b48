import { damagedFile } from '../recovery/damaged-file.ts'

/**
 * A value of the state store that is JSON. RocksDB has checksums of its own; a value that does not fit nevertheless
 * must not be taken for another one.
 * @throws TailraceError STORAGE_CORRUPT, naming the key, when it is no JSON or `fits` says no
 */
export function storedJson<Value>(key: string, bytes: Uint8Array, fits: (value: unknown) => value is Value): Value {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw damagedFile(`The value of ${key} in the state store`, 'it is no JSON', { cause })
  }
  if (!fits(value))
    throw damagedFile(`The value of ${key} in the state store`, 'it does not have the fields that it should')
  return value
}

/** A whole number that is not negative: a number, an index, a term. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function hasFields<Name extends string>(
  value: unknown,
  fields: Readonly<Record<Name, (field: unknown) => boolean>>,
): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(fields).every(([name, fits]) => (fits as (field: unknown) => boolean)((value as never)[name]))
}
