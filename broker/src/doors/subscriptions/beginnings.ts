import type { PartitionNumber } from '@tailrace/schemas'

/** The partitions of a subscription that begin at the end, until it is known where that is. */
export class Beginnings {
  readonly #open: Set<PartitionNumber>
  readonly #waiting = new Map<PartitionNumber | null, PromiseWithResolvers<void>>()

  constructor(open: Iterable<PartitionNumber>) {
    this.#open = new Set(open)
  }

  /** Resolves when this one, or with null each of them, is known or over; null: it is. */
  until(partition: PartitionNumber | null): Promise<void> | null {
    if (partition === null ? this.#open.size === 0 : !this.#open.has(partition)) return null
    const waiting = this.#waiting.get(partition) ?? Promise.withResolvers<void>()
    this.#waiting.set(partition, waiting)
    return waiting.promise
  }

  known(partition: PartitionNumber): void {
    if (!this.#open.delete(partition)) return
    this.#waiting.get(partition)?.resolve()
    if (this.#open.size === 0) this.#waiting.get(null)?.resolve()
  }

  end(): void {
    this.#open.clear()
    for (const { resolve } of this.#waiting.values()) resolve()
  }
}
