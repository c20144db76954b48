import type { Clock } from '../../platform/clock.ts'
import { LatencyHistogram } from '../../platform/node/latency-histogram.ts'
import type { StampedValues } from './stamped-values.ts'

interface ReadBatch {
  forEach(onRecord: (record: { readonly value: Uint8Array | null }) => void): void
}

/** The part of a subscription that this needs; `Subscription` of @tailrace/consumer is one. */
export interface ReadSource {
  batches(): AsyncIterable<ReadBatch>
}

/** What a reader has seen of a run. */
export class ReadLoad {
  records = 0
  bytes = 0
  /** From when a record was to be sent until it was read. */
  readonly latency = new LatencyHistogram()
  readonly #values: StampedValues
  readonly #clock: Clock
  /** Monotonic milliseconds of the first batch and of the last one. */
  #first = 0
  #last = 0

  constructor(values: StampedValues, clock: Clock) {
    this.#values = values
    this.#clock = clock
  }

  get seconds(): number {
    return (this.#last - this.#first) / 1000
  }

  /** Reads until the source ends, or `isDone` says so behind a batch. */
  async read(source: ReadSource, isDone: () => boolean): Promise<void> {
    for await (const batch of source.batches()) {
      const now = this.#clock.monotonic()
      if (this.records === 0) this.#first = now
      batch.forEach(({ value }) => {
        const sentAt = this.#values.sentAt(value)
        if (sentAt === null) return
        this.records++
        this.bytes += value!.length
        this.latency.add(now - sentAt)
      })
      this.#last = this.#clock.monotonic()
      if (isDone()) return
    }
  }
}
