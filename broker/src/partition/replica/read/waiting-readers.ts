import type { Offset } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../../platform/clock.ts'

/** Readers at the end of a partition, woken when the high watermark passes their offset (not on append: M34). */
export class WaitingReaders {
  readonly #clock: Clock
  readonly #limit: number
  /** Null until the first reader waits: most partitions of thousands are idle, and an empty set takes room too. */
  #waiting: Set<{ offset: Offset; wake: () => void }> | null = null

  constructor(clock: Clock, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  /**
   * Resolves when `offset` is below the high watermark, after `ms`, or on abort; the caller looks again. Rejects with
   * OVERLOADED.
   */
  wait(offset: Offset, ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    this.#waiting ??= new Set()
    const waiting = this.#waiting
    if (waiting.size >= this.#limit) {
      return Promise.reject(new TailraceError('OVERLOADED', `More than ${this.#limit} readers wait on this partition.`))
    }
    return new Promise((resolve) => {
      const finish = (): void => {
        waiting.delete(reader)
        timer.cancel()
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const reader = { offset, wake: finish }
      const timer = this.#clock.after(ms, finish)
      signal?.addEventListener('abort', finish, { once: true })
      waiting.add(reader)
    })
  }

  advanced(highWatermark: Offset): void {
    if (this.#waiting === null) return
    for (const reader of this.#waiting) if (reader.offset < highWatermark) reader.wake()
  }

  wakeAll(): void {
    for (const reader of this.#waiting ?? []) reader.wake()
  }
}
