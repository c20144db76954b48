import type { BrokerId } from '@tailrace/schemas'
import type { Replica } from '../replica/replica.ts'
import { isFirst } from './leader-loss.ts'
import type { Sleepers } from './sleepers.ts'

/**
 * Elections of this broker at one time. Each takes messages and syncs of all voters: where thousands of groups have
 * lost their leaders at once, more of them would all come too late, time out, and begin again, without an end.
 */
const MOST = 256
/** From here on only the voter that is first in its group begins: voters do not spend slots on the same groups. */
const OF_ANY = 64

/**
 * Puts elections off while this broker holds many. One in a group whose majority is not connected does not count, and
 * is never put off: it costs the others nothing, and might keep its slot permanently. Brokers that are silent do
 * count: they may be so for having too many elections.
 */
export class ElectionSlots {
  readonly #brokerId: BrokerId
  readonly #reach: Pick<Sleepers, 'isReachable' | 'isLinked'>
  #held = 0

  constructor(brokerId: BrokerId, reach: Pick<Sleepers, 'isReachable' | 'isLinked'>) {
    this.#brokerId = brokerId
    this.#reach = reach
  }

  /** Before each tick: the elections of the replicas that are awake. */
  count(awake: Iterable<Replica>): void {
    this.#held = 0
    for (const replica of awake) {
      const { role } = replica.driver.core
      if ((role === 'candidate' || role === 'pre-candidate') && this.#isLinkedToMajority(replica)) this.#held += 1
    }
  }

  /** Whether the replica, whose election timer has fired, may begin an election; it takes a slot then. */
  take(replica: Replica): boolean {
    if (!this.#isLinkedToMajority(replica)) return true
    if (this.#held >= MOST) return false
    const { id, driver } = replica
    if (this.#held >= OF_ANY && !isFirst(this.#brokerId, id, driver.core.configuration.voters, this.#reach))
      return false
    this.#held += 1
    return true
  }

  #isLinkedToMajority({ driver }: Replica): boolean {
    const { voters } = driver.core.configuration
    const linked = voters.filter((voter) => voter === this.#brokerId || this.#reach.isLinked(voter))
    return linked.length * 2 > voters.length
  }
}
