import type { Clock } from '../../platform/clock.ts'
import { pause } from '../../platform/timing/pause.ts'

/** Asks GET /readyz once. Null when ready, else the reason for people. */
export type AskReadiness = (http: string, clock: Clock, signal: AbortSignal) => Promise<string | null>

const askEveryMs = 25
const askTimeoutMs = 2000

export const askReadiness: AskReadiness = async (http, clock, signal) => {
  const late = new AbortController()
  const timer = clock.after(askTimeoutMs, () => late.abort(new Error(`no answer within ${askTimeoutMs} ms`)))
  try {
    const response = await fetch(`http://${http}/readyz`, { signal: AbortSignal.any([signal, late.signal]) })
    const text = await response.text()
    return response.ok ? null : text.slice(0, 300)
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
