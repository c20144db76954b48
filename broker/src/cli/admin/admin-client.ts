import type { ErrorShape } from '@tailrace/schemas'
import { errorTable, isErrorCode } from '@tailrace/schemas'
import { CommandFailure } from '../command-failure.ts'

/** How to start a cluster, for users without one. */
const startHint =
  'Start a cluster with "tailrace cluster start" ("npm start" inside the repository), or name another broker with --server.'

export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Administrative requests over HTTP; any broker answers any of them. */
export interface AdminClient {
  /** The parsed body of a success. Throws CommandFailure with the broker's error, or if no server can be reached. */
  request(method: AdminMethod, path: string, body?: unknown): Promise<unknown>
}

/** Servers are asked in turn until one can be reached. */
export function adminClient(servers: readonly string[], signal: AbortSignal): AdminClient {
  return {
    async request(method, path, body) {
      let unreachable: CommandFailure | null = null
      for (const server of servers) {
        try {
          return await ask(server, method, path, body, signal)
        } catch (error) {
          if (!(error instanceof CommandFailure) || error.shape.code !== 'CONNECTION_LOST') throw error
          unreachable ??= error
        }
      }
      throw unreachable
    },
  }
}

async function ask(server: string, method: string, path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
  const init: RequestInit = { method, signal }
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { 'content-type': 'application/json' }
  }
  let response: Response
  let text: string
  try {
    response = await fetch(server + path, init)
    text = await response.text()
  } catch (error) {
    signal.throwIfAborted()
    throw unreachable(server, error)
  }
  const answer = parse(text)
  if (!response.ok) throw refused(server, response.status, answer)
  if (text !== '' && answer === undefined) throw refused(server, response.status, answer)
  return answer
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The broker's own error, or a plain statement that the server that answered is no broker. */
function refused(server: string, status: number, answer: unknown): CommandFailure {
  const shape = (answer ?? {}) as Partial<Record<keyof ErrorShape, unknown>>
  if (typeof shape.code === 'string' && typeof shape.message === 'string') {
    const row = isErrorCode(shape.code) ? errorTable[shape.code] : errorTable.INTERNAL
    const hint = typeof shape.hint === 'string' ? shape.hint : row.hint
    return new CommandFailure({
      code: shape.code as ErrorShape['code'],
      message: shape.message,
      retriable: shape.retriable === true,
      hint,
    })
  }
  const message = `${server} answered with status ${status} and no Tailrace error.`
  return new CommandFailure({
    code: 'INVALID_REQUEST',
    message,
    retriable: false,
    hint: 'Check that --server names the HTTP port of a broker.',
  })
}

function unreachable(server: string, error: unknown): CommandFailure {
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
