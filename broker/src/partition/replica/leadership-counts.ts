import { type BrokerId, NO_BROKER, type Term } from '@tailrace/schemas'
import type { Role } from '../../raft/ready.ts'
import type { PartitionMetrics } from '../metrics.ts'

/** Counts the elections that one replica holds, and the leaderships that it hears of. */
export class LeadershipCounts {
  readonly #metrics: PartitionMetrics
  /** The terms of the last election here, and of the last known leader. */
  #heldTerm: Term = 0
  #ledTerm: Term = 0

  constructor(metrics: PartitionMetrics) {
    this.#metrics = metrics
  }

  /** The core's view of who leads has changed. */
  note(role: Role, term: Term, leader: BrokerId): void {
    if (role === 'candidate' && term > this.#heldTerm) {
      this.#heldTerm = term
      this.#metrics.electionsBegun += 1
    }
    if (leader === NO_BROKER || term <= this.#ledTerm) return
    if (role === 'leader') this.#metrics.electionsWon += 1
    // The first one since the start is no change.
    if (this.#ledTerm > 0) this.#metrics.leaderChanges += 1
    this.#ledTerm = term
  }
}
