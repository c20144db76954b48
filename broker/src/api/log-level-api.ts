import type { LogLevel } from '@tailrace/schemas'

export interface LogLevelChange {
  readonly level: LogLevel
  /** The level until now. */
  readonly before: LogLevel
}

/** How much the asked broker itself writes to its log, until its next start. All methods reject with TailraceError. */
export interface LogLevelApi {
  logLevel(): Promise<LogLevel>
  setLogLevel(level: LogLevel): Promise<LogLevelChange>
}
