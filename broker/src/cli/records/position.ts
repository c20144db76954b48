import { UsageError } from '../command-failure.ts'

export type StartPosition = 'earliest' | 'latest' | number | Date

/** ISO 8601 with at least a date; without an offset it counts as UTC, so that a command means the same on every machine. */
const isoTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/

/** The value of --from: earliest, latest, an offset, or an ISO time. */
export function parsePosition(text: string): StartPosition {
  if (text === 'earliest' || text === 'latest') return text
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  const match = isoTime.exec(text)
  const time =
    match === null ? Number.NaN : Date.parse(match[1] !== undefined && match[4] === undefined ? `${text}Z` : text)
  if (Number.isNaN(time))
    throw new UsageError(
      `--from ${JSON.stringify(text)} must be earliest, latest, an offset like 1500, or a time like 2026-01-31T12:00:00Z`,
    )
  return new Date(time)
}

/** The value of --partition: one number or several separated by commas. */
export function parsePartitions(text: string): number[] {
  const numbers = text.split(',').map((item) => (/^\d{1,9}$/.test(item.trim()) ? Number(item) : Number.NaN))
  if (numbers.some(Number.isNaN))
    throw new UsageError(`--partition ${JSON.stringify(text)} must be a number from 0, or several like 0,1,2`)
  return [...new Set(numbers)]
}
