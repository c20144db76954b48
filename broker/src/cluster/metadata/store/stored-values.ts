import { TailraceError } from '@tailrace/schemas'
import type { StateStore } from '../../../log/log-storage.ts'

/** The part of a store that is read: the store itself, or a snapshot of it. */
export type MetadataSource = Pick<StateStore, 'get' | 'range'>

export type Check = (value: Record<string, unknown>) => boolean

export function inside(store: MetadataSource, prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
  // '0' is the character after '/'.
  return store.range(prefix, `${prefix.slice(0, -1)}0`)
}

export async function* valuesOf<T>(store: MetadataSource, prefix: string, check: Check): AsyncIterable<T> {
  for await (const [, value] of inside(store, prefix)) yield parse<T>(value, check)
}

export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** @throws TailraceError STORAGE_CORRUPT when it is no JSON, or `check` finds a fault */
export function parse<T>(bytes: Uint8Array, check: Check): T {
  const value = parseJson(bytes)
  if (typeof value !== 'object' || value === null || !check(value as Record<string, unknown>)) throw corrupt()
  return value as T
}

export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw corrupt(cause)
  }
}

function corrupt(cause?: unknown): TailraceError {
  return new TailraceError('STORAGE_CORRUPT', 'The state store holds metadata that cannot be read.', { cause })
}
