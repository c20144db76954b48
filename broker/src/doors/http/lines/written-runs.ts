import type { PartitionNumber } from '@tailrace/schemas'
import type { WrittenRun } from './line-target.ts'

/** What a request has written, as one run for each partition. */
export class WrittenRuns {
  readonly #byPartition = new Map<PartitionNumber, WrittenRun>()

  add(run: WrittenRun): void {
    const before = this.#byPartition.get(run.partition)
    const whole = before && { ...run, records: before.records + run.records, offset: before.offset }
    this.#byPartition.set(run.partition, whole ?? run)
  }

  get list(): readonly WrittenRun[] {
    return [...this.#byPartition.values()].sort((a, b) => a.partition - b.partition)
  }
}
