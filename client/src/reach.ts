import { errorRow, TailraceError } from '@tailrace/schemas'
import { wholeNumber } from './settings.ts'

export interface ConnectOptions {
  /** Milliseconds after which it fails. Default 5,000. */
  readonly timeoutMs?: number
  /** Aborting it ends the wait. */
  readonly signal?: AbortSignal
}

export const REACH_MS = 5_000

/** @throws TailraceError INVALID_SETTING */
export function checkTimeout(timeoutMs: number): void {
  wholeNumber('timeoutMs', timeoutMs, { default: REACH_MS, min: 1, max: 3_600_000 })
}

/** The error for servers of which none has answered: each with its reason, and what to look at. */
export function notReached(
  servers: readonly string[],
  timeoutMs: number,
  pool: { failureOf(address: string): TailraceError | undefined },
): TailraceError {
  const reasons = servers.map((server) => {
    const failure = pool.failureOf(server)
    return failure === undefined ? `${server}: no answer.` : reasonOf(failure)
  })
  const told = `No server has answered within ${timeoutMs} ms: ${reasons.join(' ')}`
  return new TailraceError('CONNECTION_LOST', `${told} Is a broker running there, and is it the port for clients?`)
}

/** Without the words with which all errors of its code begin. */
export function reasonOf({ code, message }: TailraceError): string {
  const common = errorRow(code).message
  return message.startsWith(`${common} `) ? message.slice(common.length + 1) : message
}
