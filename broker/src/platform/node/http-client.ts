import { TailraceError } from '@tailrace/schemas'
import { answerFrom } from '../http-answer.ts'
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
    return answerFrom(text, ok, address)
  },
}

/** More bytes than any broker answers: another program at the address may send without end. */
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

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
