import type { BrokerId } from '@tailrace/schemas'
import type { Logger } from '../../../broker/src/platform/logger.ts'
import { Finding } from './finding.ts'

/** The log of one life of a broker: lines of the trace, and a finding where a replica says that it is broken. */
export function brokerLogger(
  id: BrokerId,
  process: { readonly alive: boolean },
  trace: ((text: string) => void) | null,
  watch: { report(finding: Finding): void },
): Logger {
  const say = (level: string, fields: object, message: string): void =>
    trace?.(`broker ${id} ${level}: ${message} ${shown(fields)}`)
  return {
    info: (fields, message) => say('notes', fields, message),
    warn: (fields, message) => say('warns', fields, message),
    error: (fields, message) => {
      if (!process.alive) return
      say('complains', fields, message)
      if (message.includes('broken a rule'))
        watch.report(new Finding('replica-broken', `broker ${id}: ${shown(fields)}`))
    },
  }
}

function shown(fields: object): string {
  return JSON.stringify(fields, (_key, value) => (value instanceof Error ? `${value.name}: ${value.message}` : value))
}
