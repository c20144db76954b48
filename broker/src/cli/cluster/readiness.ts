import type { Clock } from '../../platform/clock.ts'
import { HttpExchanges, type HttpReply } from '../../platform/node/http-exchange.ts'
import { pause } from '../../platform/timing/pause.ts'

/** Asks GET /readyz once. Null when ready, else the reason for people. */
export type AskReadiness = (http: string, clock: Clock, signal: AbortSignal) => Promise<string | null>

const askEveryMs = 25
const askTimeoutMs = 2000

const maxBytes = 1024 * 1024
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
    return status === 200 ? null : text.slice(0, 300)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return cause instanceof Error ? cause.message : String(cause)
  } finally {
    timer.cancel()
  }
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
