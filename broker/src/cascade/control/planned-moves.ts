import type { BrokerId, CascadeReport } from '@tailrace/schemas'

interface Move {
  readonly source: BrokerId
  readonly since: number
}

/** Longer than a decision and the report of it take through some ten levels; then the broker cannot move. */
const plannedMs = 15_000

/**
 * The moves that have been decided and are not reported yet. A decision needs a beat for each level downwards, and the
 * report of it one for each level upwards. Decisions of the time between count the broker at its future source, or they
 * would choose other brokers to move each second, without end.
 */
export class PlannedMoves {
  readonly #moves = new Map<BrokerId, Move>()

  /** How many are under way. */
  get size(): number {
    return this.#moves.size
  }

  /** The source that a broker has, or will have soon. */
  sourceOf({ broker, source }: CascadeReport): BrokerId {
    return this.#moves.get(broker)?.source ?? source
  }

  /** Forgets the moves that are reported. */
  heard(known: readonly CascadeReport[]): void {
    for (const { broker, source } of known) if (this.#moves.get(broker)?.source === source) this.#moves.delete(broker)
  }

  /** `now`: milliseconds of a monotonic clock. */
  decided(known: readonly CascadeReport[], assigned: ReadonlyMap<BrokerId, BrokerId>, now: number): void {
    const reported = new Set(known.map(({ broker }) => broker))
    for (const broker of this.#moves.keys()) if (!reported.has(broker)) this.#moves.delete(broker)
    for (const { broker, source } of known) {
      const wanted = assigned.get(broker) ?? source
      const planned = this.#moves.get(broker)
      // One without a source finds one by itself.
      if (source === 0 || wanted === source || (planned?.source === wanted && now - planned.since >= plannedMs)) {
        this.#moves.delete(broker)
      } else if (planned?.source !== wanted) this.#moves.set(broker, { source: wanted, since: now })
    }
  }
}
