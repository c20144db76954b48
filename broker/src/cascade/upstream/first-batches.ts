import { baseOffsetAt } from '@tailrace/schemas'
import type { CopiedPartition } from '../copies/copied-partition.ts'
import type { ReadStarts } from '../copies/read-starts.ts'

/** What has come for a copy. `repay` lets the source send as many bytes again. */
interface Received {
  readonly body: Uint8Array
  readonly repay: (bytes: number) => void
}

export interface FirstBatchesDeps {
  readonly readStarts: ReadStarts
  /** Takes what has come, in its order, once the log begins where that does. */
  readonly take: (copy: CopiedPartition, received: Received) => void
  readonly failed: (copy: CopiedPartition, error: unknown) => void
}

/**
 * The first batches of copies that a deletion makes begin within a batch: their logs, which are empty, begin at that
 * batch first. What comes meanwhile waits, at most the credit of the subscription.
 */
export class FirstBatches {
  readonly #deps: FirstBatchesDeps
  readonly #waiting = new Map<CopiedPartition, Received[]>()

  constructor(deps: FirstBatchesDeps) {
    this.#deps = deps
  }

  /** Whether the copy's log does not begin yet where what has come does. */
  has(copy: CopiedPartition): boolean {
    return this.#waiting.has(copy)
  }

  /** False: they are no such batches, and may be taken at once. @throws TailraceError INVALID_BATCH */
  hold(copy: CopiedPartition, received: Received): boolean {
    const waiting = this.#waiting.get(copy)
    if (waiting !== undefined) waiting.push(received)
    else if (copy.startsWithin(received.body)) void this.#begin(copy, received)
    else return false
    return true
  }

  async #begin(copy: CopiedPartition, first: Received): Promise<void> {
    const { readStarts, take, failed } = this.#deps
    const { topicId, partition } = copy
    const waiting = [first]
    this.#waiting.set(copy, waiting)
    try {
      await copy.beginAt(baseOffsetAt(first.body, 0), () => readStarts.note(topicId, partition, copy.logStart))
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) take(copy, next)
    } catch (error) {
      for (const { body, repay } of waiting) repay(body.length)
      failed(copy, error)
    } finally {
      this.#waiting.delete(copy)
    }
  }
}
