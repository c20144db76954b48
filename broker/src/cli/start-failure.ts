import { TailraceError } from '@tailrace/schemas/tailrace-error'
import type { BrokerSettings } from '../config/broker-settings.ts'
import { DiskError } from '../platform/disk.ts'
import { CommandFailure, explain } from './command-failure.ts'

/** Why a broker did not start, and what to do: for people, or a JSON line where its log is to be JSON. */
export function explainStartFailure(error: unknown, settings: BrokerSettings): string {
  const json = settings.logFormat === 'json'
  if (error instanceof TailraceError && reasonOf(error, settings) === null) return explain(error, json)
  const { message, hint } = reasonOf(error, settings) ?? unknownReason(error, settings)
  if (json) return explain(new CommandFailure({ code: 'INTERNAL', message, retriable: false, hint }), true)
  return hint === '' ? `error: ${message}` : `error: ${message}\n  ${hint}`
}

interface Reason {
  readonly message: string
  /** What to do; may be empty. */
  readonly hint: string
}

function reasonOf(error: unknown, settings: BrokerSettings): Reason | null {
  for (const cause of causesOf(error)) {
    const reason = portReason(cause, settings) ?? diskReason(cause, settings)
    if (reason !== null) return reason
  }
  return null
}

function unknownReason(error: unknown, { id }: BrokerSettings): Reason {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { message: `broker ${id} did not start: ${why}`, hint: '' }
}

function* causesOf(error: unknown): Generator<Error> {
  for (let depth = 0; error instanceof Error && depth < 8; depth++) {
    yield error
    error = error.cause
  }
}

function portReason(error: Error, settings: BrokerSettings): Reason | null {
  const { code, port } = error as Error & { code?: unknown; port?: unknown }
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return null
  if (typeof port !== 'number' && !/\blisten\b/i.test(error.message)) return null
  const [flag, address] = settings.peer.endsWith(`:${port}`) ? ['--peer', settings.peer] : ['--http', settings.http]
  if (code === 'EADDRINUSE') {
    const hint = `Stop it, or choose another port with ${flag} (for "tailrace cluster start": ${flag}-port).`
    return { message: `${address} is in use by another process.`, hint }
  }
  const why = code === 'EACCES' ? 'this user may not listen there' : 'this machine has no such address'
  return { message: `cannot listen on ${address}: ${why}.`, hint: `Choose another address with ${flag}.` }
}

function diskReason(error: Error, settings: BrokerSettings): Reason | null {
  if (!(error instanceof DiskError)) return null
  if (error.kind === 'locked') {
    const hint = 'Stop that one, or choose another folder with --data.'
    return { message: `the data folder ${settings.data} is in use by another broker.`, hint }
  }
  return { message: `the data folder ${settings.data} cannot be used: ${error.message}`, hint: '' }
}
