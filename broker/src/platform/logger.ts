/** Where a broker writes what operators should know; pino fits. Never called per record or per batch. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
