import { type PartitionNumber, TailraceError } from '@tailrace/schemas'

/** Which partitions are paused: some, or all but some, also of those that are added later. */
export class PausedPartitions {
  #all = false
  readonly #but = new Set<PartitionNumber>()

  has(partition: PartitionNumber): boolean {
    return this.#all !== this.#but.has(partition)
  }

  /** `partitions` undefined: all. @throws TailraceError INVALID_SETTING */
  pause(partitions: readonly PartitionNumber[] | undefined): void {
    this.#set(partitions, true)
  }

  /** @throws TailraceError INVALID_SETTING */
  resume(partitions: readonly PartitionNumber[] | undefined): void {
    this.#set(partitions, false)
  }

  #set(partitions: readonly PartitionNumber[] | undefined, isPaused: boolean): void {
    partitions?.forEach(checkPartition)
    if (partitions === undefined) {
      this.#all = isPaused
      this.#but.clear()
    }
    for (const one of partitions ?? []) {
      if (this.#all === isPaused) this.#but.delete(one)
      else this.#but.add(one)
    }
  }
}

/** @throws TailraceError INVALID_SETTING */
export function checkPartition(value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return
  throw new TailraceError('INVALID_SETTING', `partitions: ${String(value)} is not a whole number from 0 on.`)
}
