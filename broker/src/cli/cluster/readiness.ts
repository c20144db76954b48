import type { Clock } from '../../platform/clock.ts'
import { HttpExchanges, type HttpReply } from '../../platform/node/http-exchange.ts'
import { pause } from '../../platform/timing/pause.ts'
import { jsonOf } from '../json-text.ts'

/** Asks GET /readyz once. Null when ready, else the reason for people. */
export type AskReadiness = (http: string, clock: Clock, signal: AbortSignal) => Promise<string | null>

const askEveryMs = 25
const askTimeoutMs = 2000

const maxBytes = 1024 * 1024
/** Characters of an answer that is none of a broker's. */
const mostShown = 300
const plain = new HttpExchanges()
/** The broker is a child of this process, which has told where it listens; nothing secret is sent. */
const unchecked = new HttpExchanges({ trustsAny: true })

async function ask(http: string, signal: AbortSignal): Promise<HttpReply> {
  const exchange = { method: 'GET', signal, maxBytes }
  const reply = await plain.send({ ...exchange, url: `http://${http}/readyz` })
  if (!reply.text.includes('"TLS_REQUIRED"')) return reply
  return unchecked.send({ ...exchange, url: `https://${http}/readyz` })
}

export const askReadiness: AskReadiness = async (http, clock, signal) => {
  const late = new AbortController()
  const timer = clock.after(askTimeoutMs, () => late.abort(new Error(`no answer within ${askTimeoutMs} ms`)))
  try {
    const { status, text } = await ask(http, AbortSignal.any([signal, late.signal]))
    return status === 200 ? null : reasonIn(text)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error ? cause.message : String(cause)
  } finally {
    timer.cancel()
  }
}

/** What a broker that is not ready waits for; else the answer as it is, since it is another program's. */
function reasonIn(text: string): string {
  const { reason } = (jsonOf(text) ?? {}) as { readonly reason?: unknown }
  return typeof reason === 'string' ? reason : text.slice(0, mostShown)
}

/**
 * Asks until the broker is ready (true) or `signal` fires (false). `waiting` is called with the reason each time it is
 * not.
 */
export async function untilReady(
  http: string,
  ask: AskReadiness,
  clock: Clock,
  signal: AbortSignal,
  waiting: (reason: string) => void,
): Promise<boolean> {
  while (!signal.aborted) {
    const reason = await ask(http, clock, signal)
    if (signal.aborted) break
    if (reason === null) return true
    waiting(reason)
    await pause(clock, askEveryMs, signal)
  }
  return false
}
