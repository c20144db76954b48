import { positionFrom } from '@tailrace/schemas/position'
import { UsageError } from './command-failure.ts'

/** A whole number from `least` to `most` out of a flag's text. */
export function parseCount(flag: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new UsageError(`${flag} is ${JSON.stringify(text)}, but must be a whole number from ${least} to ${most}`)
}

export type StartPosition = 'earliest' | 'latest' | number | Date

/** The value of --from or another flag: earliest, latest, an offset, or an ISO time. */
export function parsePosition(text: string, flag = '--from'): StartPosition {
  const position = positionFrom(text)
  if (position === null)
    throw new UsageError(
      `${flag} ${JSON.stringify(text)} must be earliest, latest, an offset like 1500, or a time like 2026-01-31T12:00:00Z`,
    )
  if (position.kind === 'OFFSET') return position.value
  if (position.kind === 'TIME') return new Date(position.value)
  return position.kind === 'EARLIEST' ? 'earliest' : 'latest'
}

/** The value of --until: end, or where a position of a partition is. */
export function parseEnd(text: string): 'end' | number | Date {
  if (text === 'end') return text
  const position = positionFrom(text)
  if (position?.kind === 'OFFSET') return position.value
  if (position?.kind === 'TIME') return new Date(position.value)
  throw new UsageError(
    `--until ${JSON.stringify(text)} must be end, an offset like 1500, or a time like 2026-01-31T12:00:00Z`,
  )
}

/** The value of --partition: one number or several separated by commas. */
export function parsePartitions(text: string): number[] {
  const numbers = text.split(',').map((item) => (/^\d{1,9}$/.test(item.trim()) ? Number(item) : Number.NaN))
  if (numbers.some(Number.isNaN))
    throw new UsageError(`--partition ${JSON.stringify(text)} must be a number from 0, or several like 0,1,2`)
  return [...new Set(numbers)]
}
