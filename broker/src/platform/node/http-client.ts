import { TailraceError, tlsFault } from '@tailrace/schemas'
import type { Clock } from '../clock.ts'
import type { Dial } from '../dial.ts'
import { answerFrom } from '../http-answer.ts'
import type { HttpClient } from '../http-client.ts'
import { HttpExchanges, type HttpReply, type HttpTls } from './http-exchange.ts'

const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export interface HttpClientParts {
  readonly clock: Clock
  /** Makes the connections; null: they are TCP connections of this process. */
  readonly dial: Dial | null
  /** Over https, with what it is at the time of the request. Default: plain. */
  readonly tls?: (() => HttpTls) | null
  /** Shown with each request; null for none. Default: none. */
  readonly token?: () => string | null
}

/** Requests to brokers. Connections are kept for the next request, for as long as `tls` gives the same object. */
export function createHttpClient({ clock, dial, tls = null, token = () => null }: HttpClientParts): HttpClient {
  const scheme = tls === null ? 'http' : 'https'
  let current: HttpTls | undefined
  let exchanges = new HttpExchanges({}, dial)
  return {
    async request(method, address, path, body, timeoutMs, headers = {}) {
      const wanted = tls?.()
      if (wanted !== current) {
        exchanges.close()
        exchanges = new HttpExchanges(wanted, dial)
        current = wanted
      }
      const over = new AbortController()
      const late = clock.after(timeoutMs, () => {
        over.abort(new TailraceError('TIMED_OUT', `${address}${path}: no answer in ${timeoutMs} ms.`))
      })
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
          signal: over.signal,
          maxBytes: MAX_ANSWER_BYTES,
        })
      } catch (error) {
        throw explained(error, address)
      } finally {
        late.cancel()
      }
      return answerFrom(reply.text, reply.status >= 200 && reply.status < 300, address)
    },
  }
}

function authorization(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

function explained(error: unknown, address: string): TailraceError {
  if (error instanceof TailraceError) return error
  const fault = tlsFault(error)
  if (fault !== null) return Object.assign(fault, { message: `${address}: ${fault.message}` })
  const why = error instanceof Error ? error.message || error.name : String(error)
  return new TailraceError('CONNECTION_LOST', `${address}: ${why}.`, { cause: error })
}
