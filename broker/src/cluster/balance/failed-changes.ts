import type { GroupId, LogIndex } from '@tailrace/schemas'
import type { MetadataState } from '../metadata/metadata-state.ts'

/** A partition whose change of replicas has failed is left alone for so long. */
const REST_MS = 600_000

/** When this broker has seen that changes of replicas had failed. All times are monotonic milliseconds. */
export class FailedChanges {
  readonly #state: MetadataState
  readonly #seen = new Map<LogIndex, number>()

  constructor(state: MetadataState) {
    this.#state = state
  }

  look(now: number): void {
    const present = new Set<LogIndex>()
    for (const group of this.#state.places.keys()) {
      const failed = this.#failureOf(group)
      if (failed === null) continue
      present.add(failed)
      if (!this.#seen.has(failed)) this.#seen.set(failed, now)
    }
    for (const failed of [...this.#seen.keys()]) if (!present.has(failed)) this.#seen.delete(failed)
  }

  isResting(group: GroupId, now: number): boolean {
    const failed = this.#failureOf(group)
    const since = failed === null ? undefined : this.#seen.get(failed)
    return since !== undefined && now - since < REST_MS
  }

  forget(): void {
    this.#seen.clear()
  }

  /** The number of the partition's last change if that has failed, else null. */
  #failureOf(group: GroupId): LogIndex | null {
    const last = this.#state.partitionOf(group)?.lastChange
    return last?.outcome === 'failed' ? last.change : null
  }
}
