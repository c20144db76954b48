import type { BrokerId, LogIndex } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { PublishResult } from '../../requests.ts'

interface Waiter {
  readonly result: PublishResult
  resolve(result: PublishResult): void
  reject(error: TailraceError): void
  /** The publishers that wait for the same entry. */
  readonly next: Waiter | null
}

/** Publishers that wait for the commit of an entry. A retry may wait for the same entry as the original. */
export class Acknowledgements {
  /** Null until the first publisher waits: most partitions of thousands are idle, and an empty map takes room too. */
  #waiters: Map<LogIndex, Waiter> | null = null

  get size(): number {
    return this.#waiters?.size ?? 0
  }

  wait(index: LogIndex, result: PublishResult): Promise<PublishResult> {
    this.#waiters ??= new Map()
    const waiters = this.#waiters
    return new Promise((resolve, reject) => {
      waiters.set(index, { result, resolve, reject, next: waiters.get(index) ?? null })
    })
  }

  /** `holdersOf`: the brokers that have an entry on disk. */
  committed(index: LogIndex, holdersOf: (index: LogIndex) => readonly BrokerId[]): void {
    const first = this.#waiters?.get(index)
    if (first === undefined) return
    this.#waiters!.delete(index)
    const holders = holdersOf(index)
    for (let waiter: Waiter | null = first; waiter !== null; waiter = waiter.next) {
      waiter.resolve({ ...waiter.result, holders })
    }
  }

  /** Leadership is gone: whether the entries survive is decided by the next leader (M22, M97). */
  failAll(code: 'OUTCOME_UNKNOWN' | 'UNKNOWN_TOPIC', detail: string): void {
    if (this.#waiters === null) return
    const all = [...this.#waiters.values()]
    this.#waiters.clear()
    for (const first of all) {
      for (let waiter: Waiter | null = first; waiter !== null; waiter = waiter.next) {
        waiter.reject(new TailraceError(code, detail))
      }
    }
  }
}
