import type { BrokerId } from '@tailrace/schemas'

interface Seen {
  readonly incarnation: string
  readonly looks: number
}

/** Which brokers are up, and since when others are away, as seen from one broker. Times are monotonic milliseconds. */
export class Presence {
  readonly #up = new Map<BrokerId, Seen>()
  readonly #awaySince = new Map<BrokerId, number>()

  /** `living`: the brokers that are reached, each with its incarnation. */
  look(brokers: readonly BrokerId[], living: ReadonlyMap<BrokerId, string>, now: number): void {
    for (const id of [...this.#up.keys()]) if (!living.has(id)) this.#up.delete(id)
    for (const [id, incarnation] of living) {
      const before = this.#up.get(id)
      const looks = before?.incarnation === incarnation ? before.looks + 1 : 1
      this.#up.set(id, { incarnation, looks })
    }
    for (const id of [...this.#awaySince.keys()]) {
      if (living.has(id) || !brokers.includes(id)) this.#awaySince.delete(id)
    }
    for (const id of brokers) if (!living.has(id) && !this.#awaySince.has(id)) this.#awaySince.set(id, now)
  }

  /** Up at two looks in a row without a start in between: one that dies again and again gets nothing. */
  isSteady(id: BrokerId): boolean {
    return (this.#up.get(id)?.looks ?? 0) >= 2
  }

  awayMs(id: BrokerId, now: number): number {
    return now - (this.#awaySince.get(id) ?? now)
  }

  forget(): void {
    this.#up.clear()
    this.#awaySince.clear()
  }
}
