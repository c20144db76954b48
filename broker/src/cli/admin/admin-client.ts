import type { ErrorCode, ErrorShape } from '@tailrace/schemas'
import { tlsFault } from '@tailrace/schemas/tls-faults'
import { toldErrorIn } from '@tailrace/schemas/told-error'
import { NO_ANSWER } from '../../platform/node/error-code.ts'
import type { HttpExchanges, HttpReply } from '../../platform/node/http-exchange.ts'
import { authorizationFor } from '../access/authorization.ts'
import type { Connection } from '../access/connection.ts'
import { CommandFailure } from '../command-failure.ts'
import { jsonOf } from '../json-text.ts'

/** How to start a cluster, for users without one. */
const startHint =
  'Start a cluster with "tailrace cluster start" ("npm start" inside the repository), or name another broker with --server.'

export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * So many milliseconds without an answer are a lost connection. Brokers give up reads after 10 s at most, changes after
 * 60 s (snapshots).
 */
const READ_SILENCE_MS = 20_000
const CHANGE_SILENCE_MS = 90_000

/** Administrative requests over HTTP; any broker answers any of them. */
export interface AdminClient {
  /** The parsed body of a success. Throws CommandFailure with the broker's error, or if no server can be reached. */
  request(method: AdminMethod, path: string, body?: unknown): Promise<unknown>
}

/**
 * Servers are asked in turn until one can be reached. `connect` is called once, with the first request. `silenceMs`:
 * how long one may say nothing; missing: as long as the method needs.
 */
export function adminClient(connect: () => Promise<Connection>, signal: AbortSignal, silenceMs?: number): AdminClient {
  let opened: Promise<Opened> | undefined
  return {
    async request(method, path, body) {
      opened ??= open(connect)
      const { connection, exchanges } = await opened
      let unreachable: CommandFailure | null = null
      for (const server of connection.servers) {
        try {
          const authorization = authorizationFor(server, connection.credential)
          return await ask(exchanges, server, { method, path, body, authorization, silenceMs }, signal)
        } catch (error) {
          if (!(error instanceof CommandFailure) || !tryNext.has(error.shape.code)) throw error
          // It may carry the change out later: with another server it would be made twice.
          if (method !== 'GET' && isSilence(error.cause)) throw error
          unreachable ??= error
        }
      }
      throw unreachable
    },
  }
}

interface Opened {
  readonly connection: Connection
  readonly exchanges: HttpExchanges
}

async function open(connect: () => Promise<Connection>): Promise<Opened> {
  // Loaded on demand: help and mistakes in options need no connection.
  const [{ HttpExchanges }, connection] = await Promise.all([import('../../platform/node/http-exchange.ts'), connect()])
  return { connection, exchanges: new HttpExchanges(connection.tls) }
}

/** Errors of one server, with which another may be asked. */
const tryNext: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CONNECTION_LOST', 'TLS_OFF', 'TLS_FAILED', 'TLS_REQUIRED'])
const maxAnswerBytes = 256 * 1024 * 1024

interface Asked {
  readonly method: AdminMethod
  readonly path: string
  readonly body: unknown
  readonly authorization: string | undefined
  readonly silenceMs: number | undefined
}

async function ask(
  exchanges: HttpExchanges,
  server: string,
  { method, path, body, authorization, silenceMs }: Asked,
  signal: AbortSignal,
): Promise<unknown> {
  const headers = {
    ...(authorization !== undefined && { authorization }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const content = body === undefined ? undefined : JSON.stringify(body)
  let reply: HttpReply
  try {
    reply = await exchanges.send({
      method,
      url: server + path,
      headers,
      body: content,
      signal,
      maxBytes: maxAnswerBytes,
      silenceMs: silenceMs ?? (method === 'GET' ? READ_SILENCE_MS : CHANGE_SILENCE_MS),
    })
  } catch (error) {
    signal.throwIfAborted()
    throw isSilence(error) ? silent(server, method, error as Error) : unreachable(server, error)
  }
  const { status, text } = reply
  const answer = jsonOf(text)
  const isDone = status >= 200 && status < 300
  if (!isDone || (text !== '' && answer === undefined)) throw refused(server, status, answer)
  return answer
}

/** The broker's own error, or a plain statement that the server that answered is no broker. */
function refused(server: string, status: number, answer: unknown): CommandFailure {
  const told = toldErrorIn(answer)
  // The code of a newer broker is shown as it is.
  if (told !== undefined) return new CommandFailure(told as ErrorShape)
  const message = `${server} answered with status ${status} and no Tailrace error.`
  return new CommandFailure({
    code: 'INVALID_REQUEST',
    message,
    retriable: false,
    hint: 'Check that --server names the HTTP port of a broker.',
  })
}

function isSilence(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === NO_ANSWER
}

function silent(server: string, method: AdminMethod, cause: Error): CommandFailure {
  const advice =
    'Its process may be stopped, or its machine overloaded: look at it, and name another broker with --server.'
  const unknown = 'Whether the change is made is not known: look before you ask for it again. '
  const shape: ErrorShape = {
    code: 'CONNECTION_LOST',
    message: `No broker answers at ${server}: ${cause.message}.`,
    retriable: true,
    hint: method === 'GET' ? advice : unknown + advice,
  }
  return new CommandFailure(shape, { cause })
}

function unreachable(server: string, error: unknown): CommandFailure {
  const fault = tlsFault(error)
  if (fault !== null) {
    return new CommandFailure({ ...fault.toJSON(), message: `${server}: ${fault.message}` }, { cause: error })
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = (cause as { code?: unknown } | undefined)?.code
  const why = code === 'ECONNREFUSED' ? 'nothing listens there' : cause instanceof Error ? cause.message : String(cause)
  const shape: ErrorShape = {
    code: 'CONNECTION_LOST',
    message: `No broker answers at ${server}: ${why}.`,
    retriable: true,
    hint: startHint,
  }
  return new CommandFailure(shape, { cause: error })
}
