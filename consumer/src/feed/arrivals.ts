import { Fifo } from '@tailrace/client'
import type { Cursor } from './cursor.ts'
import { isReadable, type ReceivedBatch, readable } from './received-batch.ts'

/** Batches that were received and are not read yet, in the order in which they came, for one reader. */
export class Arrivals {
  #queue = new Fifo<ReceivedBatch>()
  readonly #isComplete: () => boolean
  #failure: { readonly error: unknown } | undefined
  #isClosed = false
  #wakeReader: (() => void) | undefined

  /** `isComplete`: nothing more will come. Asked when all has been read, and again after each `wake`. */
  constructor(isComplete: () => boolean) {
    this.#isComplete = isComplete
  }

  push(batch: ReceivedBatch): void {
    this.#queue.push(batch)
  }

  /**
   * The next batch; undefined after `close`, or when nothing more will come.
   * @throws what was given to `fail`, after all batches before it have been read
   */
  async next(): Promise<ReceivedBatch | undefined> {
    for (;;) {
      const next = this.#queue.first
      if (next !== undefined && !isReadable(next)) {
        await readable(next)
        continue
      }
      const batch = this.#queue.shift()
      if (batch !== undefined) return batch
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#isClosed || this.#isComplete()) return undefined
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
      })
    }
  }

  /** Takes out what is not to be read any more. */
  drop(cursor: Cursor): readonly ReceivedBatch[] {
    const all = this.#queue
    const dropped: ReceivedBatch[] = []
    this.#queue = new Fifo()
    for (let batch = all.shift(); batch !== undefined; batch = all.shift()) {
      if (batch.cursor === cursor) dropped.push(batch)
      else this.#queue.push(batch)
    }
    return dropped
  }

  /** `now`: without what was received before. */
  fail(error: unknown, now: boolean): void {
    this.#failure ??= { error }
    if (now) this.#queue.clear()
    this.wake()
  }

  /** What is not read is dropped. */
  close(): void {
    this.#isClosed = true
    this.#queue.clear()
    this.wake()
  }

  /** The reader looks again. */
  wake(): void {
    const wake = this.#wakeReader
    this.#wakeReader = undefined
    wake?.()
  }
}
