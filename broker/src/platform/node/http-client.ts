import { isErrorCode, TailraceError } from '@tailrace/schemas'
import type { HttpClient } from '../http-client.ts'

const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** Over Node's fetch, which keeps connections for the next request. */
export const nodeHttpClient: HttpClient = {
  async request(method, address, path, body, timeoutMs) {
    const init: RequestInit = { method, signal: AbortSignal.timeout(timeoutMs) }
    if (body !== undefined) {
      init.body = JSON.stringify(body)
      init.headers = { 'content-type': 'application/json' }
    }
    let ok: boolean
    let text: string
    try {
      const response = await fetch(`http://${address}${path}`, init)
      ok = response.ok
      text = await textOf(response)
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError'
      if (late)
        throw new TailraceError('TIMED_OUT', `${address}${path}: no answer in ${timeoutMs} ms.`, { cause: error })
      throw new TailraceError('CONNECTION_LOST', `${address}: ${reasonOf(error)}.`, { cause: error })
    }
    const answer = parsed(text, address)
    if (ok) return answer
    throw errorOf(answer, address)
  },
}

/** No further than what any broker answers: whoever is at the address may send without end. */
async function textOf(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function parsed(text: string, address: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TailraceError('INVALID_REQUEST', `${address} is no broker: it does not answer with JSON.`, {
      cause: error,
    })
  }
}

/** The other's words stay as they are. */
function errorOf(answer: unknown, address: string): TailraceError {
  const { code, message } = (answer ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code !== 'string' || typeof message !== 'string' || !isErrorCode(code)) {
    return new TailraceError('INTERNAL', `${address} answered with an error that is not known: ${String(code)}.`)
  }
  const error = new TailraceError(code)
  error.message = message
  return error
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
