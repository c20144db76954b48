import { TailraceError } from '@tailrace/schemas'
import { delay, throwIfAborted } from './delay.ts'
import { retryBackoff } from './retry-backoff.ts'
import type { ClientSurroundings } from './surroundings.ts'

/**
 * Repeats `attempt` with back-off until it gives a result, or fails with an error that is not retriable.
 * @throws TailraceError as `attempt`; TIMED_OUT after `timeoutMs`; the reason of `closing` or of the signal
 */
export async function withRetries<T>(
  surroundings: ClientSurroundings,
  closing: AbortSignal,
  options: { timeoutMs: number; signal?: AbortSignal },
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing])
  const deadline = surroundings.monotonic() + options.timeoutMs
  const backoff = retryBackoff(surroundings)
  let last: TailraceError | undefined
  for (;;) {
    throwIfAborted(signal)
    try {
      const result = await attempt()
      if (result !== undefined) return result
    } catch (error) {
      last = TailraceError.from(error)
      if (!last.retriable) throw last
    }
    const pause = Math.max(backoff.next(), last?.retryAfterMs ?? 0)
    if (surroundings.monotonic() + pause > deadline)
      throw new TailraceError('TIMED_OUT', last?.message, { cause: last })
    await delay(pause, signal, surroundings)
  }
}
