import type { BrokerId, LogIndex } from '@tailrace/schemas'
import type { RaftStatus } from '../../../raft/core.ts'

/**
 * The followers that keep up: they answer and hold all entries that were committed one window ago. With traffic the
 * newest entries are always in flight to some follower, so with the present commit index every follower would leave and
 * join the set again and again.
 */
export class InSyncWindow {
  readonly #ticks: number
  #elapsed = 0
  #current: LogIndex = 0
  #previous: LogIndex = 0

  constructor(ticks: number) {
    this.#ticks = ticks
  }

  tick(commitIndex: LogIndex): void {
    this.#elapsed += 1
    if (this.#elapsed < this.#ticks) return
    this.#elapsed = 0
    this.#previous = this.#current
    this.#current = commitIndex
  }

  members(self: BrokerId, leader: RaftStatus): BrokerId[] {
    const inSync = [self]
    for (const follower of leader.followers) {
      // A match of 0 is a follower that has not answered this leader yet.
      const holds = follower.matchIndex > 0 && follower.matchIndex >= Math.min(this.#previous, leader.commitIndex)
      if (follower.active && holds) inSync.push(follower.id)
    }
    return inSync.sort((a, b) => a - b)
  }
}
