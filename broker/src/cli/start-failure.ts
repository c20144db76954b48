import { TailraceError } from '@tailrace/schemas'
import type { BrokerSettings } from '../config/broker-settings.ts'
import { DiskError } from '../platform/disk.ts'
import { explain } from './command-failure.ts'

/** Why a broker did not start, and what to do, for people. */
export function explainStartFailure(error: unknown, settings: BrokerSettings): string {
  for (const cause of causesOf(error)) {
    const text = portText(cause, settings) ?? diskText(cause, settings)
    if (text !== null) return text
  }
  if (error instanceof TailraceError) return explain(error, false)
  return `error: broker ${settings.id} did not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

function* causesOf(error: unknown): Generator<Error> {
  for (let depth = 0; error instanceof Error && depth < 8; depth++) {
    yield error
    error = error.cause
  }
}

function portText(error: Error, settings: BrokerSettings): string | null {
  const { code, port } = error as Error & { code?: unknown; port?: unknown }
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return null
  if (typeof port !== 'number' && !/\blisten\b/i.test(error.message)) return null
  const [flag, address] = settings.peer.endsWith(`:${port}`) ? ['--peer', settings.peer] : ['--http', settings.http]
  if (code === 'EADDRINUSE') {
    return `error: ${address} is in use by another process.\n  Stop it, or choose another port with ${flag} (for "tailrace cluster start": ${flag}-port).`
  }
  const why = code === 'EACCES' ? 'this user may not listen there' : 'this machine has no such address'
  return `error: cannot listen on ${address}: ${why}.\n  Choose another address with ${flag}.`
}

function diskText(error: Error, settings: BrokerSettings): string | null {
  if (!(error instanceof DiskError)) return null
  if (error.kind === 'locked') {
    return `error: the data folder ${settings.data} is in use by another broker.\n  Stop that one, or choose another folder with --data.`
  }
  return `error: the data folder ${settings.data} cannot be used: ${error.message}`
}
