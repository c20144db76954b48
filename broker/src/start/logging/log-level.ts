import type { LogLevel } from '@tailrace/schemas'
import type { LogLevelApi } from '../../api/log-level-api.ts'

/** The level of the logger that all parts of the broker share. */
export function logLevelOf(logger: { level: string }): LogLevelApi {
  return {
    logLevel: async () => logger.level as LogLevel,
    async setLogLevel(level) {
      const before = logger.level as LogLevel
      logger.level = level
      return { level, before }
    },
  }
}
