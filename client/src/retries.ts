import { TailraceError } from '@tailrace/schemas'
import { delay, throwIfAborted } from './delay.ts'
import { retryBackoff } from './retry-backoff.ts'

/**
 * Repeats `attempt` with back-off until it gives a result, or fails with an error that is not retriable.
 * @throws TailraceError as `attempt`; TIMED_OUT after `timeoutMs`; the reason of `closing` or of the signal
 */
export async function withRetries<T>(
  closing: AbortSignal,
  options: { timeoutMs: number; signal?: AbortSignal },
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const signal = options.signal === undefined ? closing : AbortSignal.any([options.signal, closing])
  const deadline = performance.now() + options.timeoutMs
  const backoff = retryBackoff()
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
    if (performance.now() + pause > deadline) throw new TailraceError('TIMED_OUT', last?.message, { cause: last })
    await delay(pause, signal)
  }
}
