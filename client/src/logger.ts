import { TailraceError } from '@tailrace/schemas'

/** Where a client writes what an operator should know; pino fits. Never called for each record or batch. */
export interface ClientLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Warnings and errors as a line each on the console. */
const consoleLogger: ClientLogger = {
  info: () => {},
  warn: (_fields, message) => console.warn(`tailrace: ${message}`),
  error: (fields, message) => console.error(`tailrace: ${message}`, fields),
}

const silentLogger: ClientLogger = { info: () => {}, warn: () => {}, error: () => {} }

/** @throws TailraceError INVALID_SETTING */
export function loggerOf(given: ClientLogger | null | undefined): ClientLogger {
  if (given === undefined) return consoleLogger
  if (given === null) return silentLogger
  const missing = (['info', 'warn', 'error'] as const).find((level) => typeof given[level] !== 'function')
  if (missing === undefined) return given
  throw new TailraceError('INVALID_SETTING', `logger: it has no function ${missing}; null for none.`)
}
