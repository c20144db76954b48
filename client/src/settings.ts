import { isClientId, TailraceError } from '@tailrace/schemas'

/** A whole number of a setting between its bounds, or its default. @throws TailraceError INVALID_SETTING naming it */
export function wholeNumber(
  name: string,
  value: unknown,
  bounds: { default: number; min: number; max: number },
): number {
  if (value === undefined) return bounds.default
  if (Number.isSafeInteger(value) && (value as number) >= bounds.min && (value as number) <= bounds.max)
    return value as number
  throw new TailraceError(
    'INVALID_SETTING',
    `${name}: ${String(value)} is not a whole number from ${bounds.min} to ${bounds.max}.`,
  )
}

/** Of a setting. */
export type Bounds = readonly [usual: number, least: number, most: number]

/** Whole numbers of settings, each between its bounds. @throws TailraceError INVALID_SETTING naming one */
export function wholeNumbers<Name extends string>(
  given: Readonly<Partial<Record<NoInfer<Name>, unknown>>>,
  bounds: Readonly<Record<Name, Bounds>>,
): Record<Name, number> {
  const numbers = Object.entries<Bounds>(bounds).map(([name, [usual, min, max]]) => {
    return [name, wholeNumber(name, given[name as Name], { default: usual, min, max })]
  })
  return Object.fromEntries(numbers) as Record<Name, number>
}

/** @throws TailraceError INVALID_SETTING */
export function checkClientId(clientId: unknown): string | undefined {
  if (clientId === undefined || isClientId(clientId)) return clientId
  const detail = 'clientId: use 1 to 255 of a-z, A-Z, 0-9 and ._@:/+-, beginning with a letter or digit.'
  throw new TailraceError('INVALID_SETTING', detail)
}

/** Refuses names that a settings object does not have: a misspelt setting would be ignored in silence otherwise. */
export function refuseUnknown(given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new TailraceError('INVALID_SETTING', `${unknown}: there is no such setting. There are ${known.join(', ')}.`)
}
