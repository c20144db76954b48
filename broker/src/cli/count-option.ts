import { UsageError } from './command-failure.ts'

/** A whole number from `least` to `most` out of a flag's text. */
export function parseCount(flag: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new UsageError(`${flag} is ${JSON.stringify(text)}, but must be a whole number from ${least} to ${most}`)
}
