import { type ErrorCode, errorTold, TailraceError } from '@tailrace/schemas'
import { toldErrorIn } from '@tailrace/schemas/told-error'
import { sendHttp } from '#http'
import { type Credentials, checkCredentials } from '../credentials.ts'
import type { ClientTls } from '../socket/socket.ts'
import type { ClientSurroundings } from '../surroundings.ts'

/** A request of the HTTP API, which any broker takes on the same port as everything else. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From "/" on. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** To send it twice is as good as once. Others are not sent again once they may have been carried out. */
  readonly isRepeatable: boolean
}

/** What each request needs besides its address. */
export interface HttpAccess {
  readonly credentials: Credentials | undefined
  readonly clientId: string | undefined
  readonly tls: ClientTls | undefined
  readonly surroundings: ClientSurroundings
}

/** What came of an attempt; `error`: it may have been carried out, and is not to be made again. */
type Outcome = { readonly answer: unknown } | { readonly error: unknown }

/**
 * One attempt after the other, each at the broker of an address. `attemptMs`: how long one may take; default: as long
 * as is left.
 */
export function attemptOf(
  call: HttpCall,
  { timeoutMs, attemptMs = timeoutMs }: { readonly timeoutMs: number; readonly attemptMs?: number },
  access: HttpAccess,
): (address: string) => Promise<Outcome> {
  const { monotonic } = access.surroundings
  const deadline = monotonic() + timeoutMs
  return async (address) => {
    const ms = Math.max(1, Math.ceil(Math.min(attemptMs, deadline - monotonic())))
    try {
      return { answer: await askOverHttp(address, call, access, ms) }
    } catch (error) {
      if (call.isRepeatable || !mayBeCarriedOut(error)) throw error
      return { error }
    }
  }
}

/**
 * Asks the broker at a ws:// or wss:// address. One attempt. Resolves with the parsed JSON of a success; undefined: it
 * has none.
 * @throws TailraceError what the broker answers; CONNECTION_LOST: no answer, or of another program than a broker;
 * AUTHENTICATION_FAILED: the credential is a password, which does not leave the machine without TLS
 */
export async function askOverHttp(
  address: string,
  { method, path, body }: HttpCall,
  { credentials, clientId, tls, surroundings }: HttpAccess,
  timeoutMs: number,
): Promise<unknown> {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(await authorization(address, credentials)),
    ...(clientId !== undefined && { 'tailrace-client-id': clientId }),
  }
  const url = address.replace(/^ws/, 'http') + path
  const content = body === undefined ? undefined : JSON.stringify(body)
  const request = { method, url, headers, body: content, timeoutMs, tls, surroundings }
  const { status, text } = await sendHttp(request).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TailraceError('CONNECTION_LOST', `${address}: no answer to ${method} ${path}: ${reason}`, { cause })
  })
  const answer = parsed(text)
  if (status >= 200 && status < 300 && (text === '' || answer !== undefined)) return answer
  const told = toldErrorIn(answer)
  if (told !== undefined) throw errorTold(told)
  throw new TailraceError('CONNECTION_LOST', `${address}: status ${status} and no error of a broker.`)
}

/** Errors of a request that may be carried out nevertheless. */
const leavesOpen: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CONNECTION_LOST', 'TIMED_OUT', 'OUTCOME_UNKNOWN'])

/** Whether a request that has failed so may be carried out. A browser does not tell that it could not connect. */
export function mayBeCarriedOut(thrown: unknown): boolean {
  const { code, cause } = TailraceError.from(thrown)
  const { syscall } = (cause ?? {}) as { syscall?: unknown }
  return leavesOpen.has(code) && syscall !== 'connect' && syscall !== 'getaddrinfo'
}

async function authorization(address: string, credentials: Credentials | undefined): Promise<Record<string, string>> {
  if (credentials === undefined) return {}
  checkCredentials(credentials)
  if ('token' in credentials) {
    const { token } = credentials
    return { authorization: `Bearer ${typeof token === 'function' ? await token() : token}` }
  }
  const { hostname, protocol } = new URL(address)
  const isSecret = protocol === 'wss:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  if (!isSecret) {
    const detail = `${address}: requests of operators go over HTTP, where a password needs TLS; or give a token.`
    throw new TailraceError('AUTHENTICATION_FAILED', detail)
  }
  const bytes = new TextEncoder().encode(`${credentials.username}:${credentials.password}`)
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}

/** Undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
