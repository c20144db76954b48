import { TailraceError } from '@tailrace/schemas'
import { type ClientSurroundings, machine } from './surroundings.ts'

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
export function delay(ms: number, signal?: AbortSignal, { after }: ClientSurroundings = machine): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal))
    const stop = (): void => {
      timer.cancel()
      reject(abortError(signal!))
    }
    const timer = after(ms, () => {
      signal?.removeEventListener('abort', stop)
      resolve()
    })
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** `promise`, or the signal's error if that comes first. The work behind the promise goes on regardless. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortError(signal))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    // Also behind the abort: what it fails with then goes to nobody, and must not end the process.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
