import { TailraceError } from '@tailrace/schemas'

/** Lets a Node process end although this timer runs. Browsers do not need it. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === 'object') (timer as { unref?: () => void }).unref?.()
}

/** The typed error of an aborted call; the signal's own reason is its cause. */
export function abortError(signal: AbortSignal): TailraceError {
  return signal.reason instanceof TailraceError
    ? signal.reason
    : new TailraceError('ABORTED', undefined, { cause: signal.reason })
}

/** @throws TailraceError ABORTED, or the TailraceError that the signal was aborted with. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

/** Resolves after `ms`. @throws as {@link throwIfAborted}, at once when the signal fires. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal))
    const stop = (): void => {
      clearTimeout(timer)
      reject(abortError(signal!))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** `promise`, or the signal's error if that comes first. The work behind the promise goes on regardless. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(signal))
    const stop = (): void => reject(abortError(signal))
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
