import type { LogLevel } from '@tailrace/schemas'
import { type Logger, pino } from 'pino'

/** A line of a broker's log: `level` (30 info, 40 warn, 50 error, 60 fatal), `time`, `broker`, `msg`, and more. */
export type LogLine = Readonly<Record<string, unknown>>

/** A logger that gives its lines to a function in the place of standard output; null: to nobody. */
export function memoryLogger(broker: number, level: LogLevel, take: ((line: LogLine) => void) | null): Logger {
  const options = { base: { broker }, level: take === null ? 'silent' : level }
  return pino(options, { write: (line) => take?.(JSON.parse(line) as LogLine) })
}
