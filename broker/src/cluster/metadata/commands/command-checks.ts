import type { BrokerId } from '@tailrace/schemas'

export function isNonEmptyArray<T>(value: readonly T[] | undefined): value is readonly T[] {
  return Array.isArray(value) && value.length > 0
}

export function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

export function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function areTexts(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string')
}

/** Texts as brokers have them: names, ids, addresses and reasons are shorter. */
export const MAX_TEXT = 1000

export function areShort(...texts: readonly string[]): boolean {
  return texts.every((text) => text.length <= MAX_TEXT)
}

/** Broker ids, each once. */
export function isBrokerSet(value: unknown): value is readonly BrokerId[] {
  return Array.isArray(value) && value.every(isPositive) && new Set(value).size === value.length
}
