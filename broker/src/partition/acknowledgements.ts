import type { LogIndex } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { PublishResult } from './requests.ts'

interface Waiter {
  readonly result: PublishResult
  resolve(result: PublishResult): void
  reject(error: TailraceError): void
}

/** Publishers that wait for the commit of an entry. A retry may wait for the same entry as the original. */
export class Acknowledgements {
  readonly #waiters = new Map<LogIndex, Waiter[]>()

  get size(): number {
    return this.#waiters.size
  }

  wait(index: LogIndex, result: PublishResult): Promise<PublishResult> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiters.get(index)
      if (waiting === undefined) this.#waiters.set(index, [{ result, resolve, reject }])
      else waiting.push({ result, resolve, reject })
    })
  }

  committed(index: LogIndex): void {
    const waiting = this.#waiters.get(index)
    if (waiting === undefined) return
    this.#waiters.delete(index)
    for (const waiter of waiting) waiter.resolve(waiter.result)
  }

  /** Leadership is gone: whether the entries survive is decided by the next leader (M22, M97). */
  failAll(code: 'OUTCOME_UNKNOWN' | 'UNKNOWN_TOPIC', detail: string): void {
    const all = [...this.#waiters.values()]
    this.#waiters.clear()
    for (const waiting of all) for (const waiter of waiting) waiter.reject(new TailraceError(code, detail))
  }
}
