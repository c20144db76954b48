import type { BrokerId } from '@tailrace/schemas'
import type { Replica } from '../replica/replica.ts'
import type { Sleepers } from './sleepers.ts'

/**
 * Replicas awake at one time from which on no more are woken, except for a few: elections of thousands at once would
 * all come too late.
 */
const MANY_AWAKE = 1_000
const NEVERTHELESS = 64

export interface LeaderLossDeps {
  readonly brokerId: BrokerId
  readonly sleepers: Sleepers
  /** Ticks of this broker so far. */
  readonly ticks: () => number
  /** Replicas that are not asleep. */
  readonly awake: () => number
}

/**
 * Sleeping replicas whose leader's broker is gone (M86). All remaining replicas know who is to campaign first: another
 * broker for each group, so that leaderships spread. A broker wakes the replicas that are the first of their groups, in
 * waves; the others wake when they are asked for their vote, or else at the end.
 */
export class LeaderLoss {
  readonly #deps: LeaderLossDeps
  #first: Replica[] = []
  #others: Replica[] = []

  constructor(deps: LeaderLossDeps) {
    this.#deps = deps
  }

  add(replica: Replica): void {
    if (this.#isFirst(replica)) this.#first.push(replica)
    else this.#others.push(replica)
  }

  /** Each tick: the next wave. */
  tick(): void {
    for (let woken = 0; this.#deps.awake() < MANY_AWAKE || woken < NEVERTHELESS; woken += 1) {
      // With the newest in front nothing is moved in the list; their order is the same on all brokers.
      const replica = this.#first.pop() ?? this.#others.pop()
      if (replica === undefined) return
      this.wakeIfLost(replica)
    }
  }

  /**
   * Before a message is looked at: a replica that sleeps on under a lost leader would take its own sleep for a sign of
   * life, and refuse the vote.
   */
  wakeIfLost(replica: Replica): void {
    const { sleepers, ticks } = this.#deps
    const since = sleepers.asleepSince(replica.id)
    if (since === undefined || sleepers.isReachable(replica.driver.core.leader)) return
    replica.driver.leaderLost(ticks() - since, this.#isFirst(replica))
  }

  #isFirst({ id, driver }: Replica): boolean {
    const { brokerId, sleepers } = this.#deps
    const isLeft = (voter: BrokerId): boolean => voter === brokerId || sleepers.isReachable(voter)
    const left = driver.core.configuration.voters.filter(isLeft).sort((a, b) => a - b)
    return left[id % left.length] === brokerId
  }
}
