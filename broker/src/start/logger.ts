import { type Logger, pino } from 'pino'
import type { BrokerSettings } from '../config/broker-settings.ts'
import { logText } from './logging/log-text.ts'
import { packageVersion } from './version.ts'

/**
 * The logger of a broker, which writes to standard output: lines for people on a terminal, JSON lines elsewhere, unless
 * `logFormat` says otherwise. Its first line says which program starts where.
 */
export function openLogger(settings: BrokerSettings): Logger {
  const { id, logLevel, logFormat, data, memory, memoryBytes } = settings
  const options = { level: logLevel, base: { broker: id }, timestamp: pino.stdTimeFunctions.isoTime }
  const isText = logFormat === 'auto' ? process.stdout.isTTY === true : logFormat === 'text'
  // Written at once: the last line of a broker that ends must not be lost.
  const output = pino.destination({ sync: true })
  const logger = pino(options, isText ? { write: (line) => void output.write(logText(line)) } : output)
  const program = { version: packageVersion(), pid: process.pid, node: process.version }
  // A cascade broker listens for clients alone.
  const others = settings.source.length > 0 ? { source: settings.source } : { peer: settings.peer }
  logger.info({ ...program, http: settings.http, ...others, ...(memory ? { memoryBytes } : { data }) }, 'starting')
  return logger
}
