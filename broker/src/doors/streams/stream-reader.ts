import type { Offset } from '@tailrace/schemas'
import type { ReadStream, StreamAnswer, StreamResultOf, StreamsApi } from '../../api/streams-api.ts'
import type { Clock } from '../../platform/clock.ts'
import type { SenderQuotas } from '../limits/quotas/sender-quotas.ts'
import type { ReadBudget } from '../limits/read-budget.ts'

/** Of one read; an append comes whole. */
const READ_BYTES = 1024 * 1024

export type FoundPart = StreamAnswer<StreamResultOf<ReadStream>>

export interface StreamReaderParts {
  readonly streams: StreamsApi
  readonly quotas: Pick<SenderQuotas, 'spend'>
  readonly reads: ReadBudget
  readonly clock: Clock
}

/** Reads one stream for one client, part by part. */
export class StreamReader {
  readonly #path: string
  readonly #parts: StreamReaderParts

  constructor(path: string, parts: StreamReaderParts) {
    this.#path = path
    this.#parts = parts
  }

  /** What there is from an offset on; nothing at the end. Rejects as StreamsApi.ask. */
  async read(offset: Offset): Promise<FoundPart> {
    const { streams, quotas, reads } = this.#parts
    const maxBytes = reads.take(READ_BYTES)
    try {
      const found = await streams.ask({ kind: 'read', path: this.#path, id: '', offset, upTo: -1, maxBytes })
      quotas.spend('fetchBytesPerSecond', found.body.length)
      return found
    } finally {
      reads.release(maxBytes)
    }
  }

  /** As `found`, or as soon as there is more, the stream is closed, or the time is up. Rejects as `read`. */
  async next(found: FoundPart, waitMs: number, signal: AbortSignal): Promise<FoundPart> {
    const { streams, clock } = this.#parts
    const end = clock.monotonic() + waitMs
    let last = found
    while (isAtOpenEnd(last) && !signal.aborted) {
      const left = end - clock.monotonic()
      if (left <= 0) return last
      const { id, next } = last.result
      await streams.wait({ path: this.#path, id, offset: next }, left, signal)
      last = await this.read(next)
    }
    return last
  }
}

/** There is nothing, and more may come. */
export function isAtOpenEnd({ result: { offset, next, tail, closed } }: FoundPart): boolean {
  return offset === next && next === tail && !closed
}
