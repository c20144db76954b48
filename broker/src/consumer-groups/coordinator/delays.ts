import type { Timestamp } from '@tailrace/schemas'
import type { ConsumerGroup } from '../state/consumer-group.ts'

/** When a delayed record of each group is due next, so that nobody looks through them before. */
export class Delays {
  readonly #next = new Map<string, Timestamp>()

  get size(): number {
    return this.#next.size
  }

  /** Looks through all delayed records of a group. Those that are due by now were told, or are with the next answer. */
  look(group: ConsumerGroup, now: Timestamp): void {
    let next = Number.POSITIVE_INFINITY
    for (const { due } of group.delayed.values()) if (due > now && due < next) next = due
    if (next === Number.POSITIVE_INFINITY) this.#next.delete(group.id)
    else this.#next.set(group.id, next)
  }

  added(group: string, due: Timestamp): void {
    this.#next.set(group, Math.min(due, this.#next.get(group) ?? due))
  }

  forget(group: string): void {
    this.#next.delete(group)
  }

  /** The groups of which a record is due. */
  dueAt(now: Timestamp): string[] {
    return [...this.#next].filter(([, due]) => due <= now).map(([group]) => group)
  }
}
