import { TailraceError, tlsFault } from '@tailrace/schemas'
import { answerFrom } from '../http-answer.ts'
import type { HttpClient } from '../http-client.ts'
import { HttpExchanges, type HttpReply, type HttpTls } from './http-exchange.ts'

const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/**
 * Requests to brokers; with `tls` over https, with what it is at the time of the request. Connections are kept for the
 * next request, for as long as `tls` gives the same object. `token`: shown with each request; null for none.
 */
export function createHttpClient(tls: (() => HttpTls) | null, token: () => string | null = () => null): HttpClient {
  const scheme = tls === null ? 'http' : 'https'
  let current: HttpTls | undefined
  let exchanges = new HttpExchanges()
  return {
    async request(method, address, path, body, timeoutMs, headers = {}) {
      const wanted = tls?.()
      if (wanted !== current) {
        exchanges.close()
        exchanges = new HttpExchanges(wanted)
        current = wanted
      }
      let reply: HttpReply
      try {
        reply = await exchanges.send({
          method,
          url: `${scheme}://${address}${path}`,
          headers: {
            ...headers,
            ...authorization(token()),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(timeoutMs),
          maxBytes: MAX_ANSWER_BYTES,
        })
      } catch (error) {
        throw explained(error, address, path, timeoutMs)
      }
      return answerFrom(reply.text, reply.status >= 200 && reply.status < 300, address)
    },
  }
}

function authorization(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

export const nodeHttpClient: HttpClient = createHttpClient(null)

function explained(error: unknown, address: string, path: string, timeoutMs: number): TailraceError {
  if (error instanceof Error && error.name === 'TimeoutError')
    return new TailraceError('TIMED_OUT', `${address}${path}: no answer in ${timeoutMs} ms.`, { cause: error })
  const fault = tlsFault(error)
  if (fault !== null) return Object.assign(fault, { message: `${address}: ${fault.message}` })
  const why = error instanceof Error ? error.message || error.name : String(error)
  return new TailraceError('CONNECTION_LOST', `${address}: ${why}.`, { cause: error })
}
