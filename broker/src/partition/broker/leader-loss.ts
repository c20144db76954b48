import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { Replica } from '../replica/replica.ts'
import type { Sleepers } from './sleepers.ts'

/**
 * Replicas awake at one time from which on no more are woken, except for a few: elections of thousands at once would
 * all come too late. Also so many replicas that are awake campaign first in one tick.
 */
const MANY = 1_000
const NEVERTHELESS = 64
/**
 * Ticks that the broker that is first in the others' groups has for them, once this one has no more of its own. Woken
 * earlier, they would campaign beside it, and split the votes.
 */
const PATIENCE = 10

export interface LeaderLossDeps {
  readonly brokerId: BrokerId
  readonly sleepers: Pick<Sleepers, 'asleepSince' | 'isReachable'>
  /** Ticks of this broker so far. */
  readonly ticks: () => number
  /** Replicas that are not asleep. */
  readonly awake: () => number
}

/**
 * Replicas whose leader's broker is gone. All remaining replicas know who is to campaign first: another broker for each
 * group, so that leaderships spread. Of those that sleep (M86) a broker wakes the first of their groups, in waves; the
 * others wake when they are asked for their vote, or else at the end.
 */
export class LeaderLoss {
  readonly #deps: LeaderLossDeps
  #first: Replica[] = []
  #others: Replica[] = []
  #ticksWithoutFirst = 0
  /** Replicas that are awake and were told to campaign first, in this tick. */
  #eager = 0

  constructor(deps: LeaderLossDeps) {
    this.#deps = deps
  }

  /** Replicas are left to be woken. */
  get pending(): boolean {
    return this.#first.length + this.#others.length > 0
  }

  /** A sleeping replica, whose leader's broker is silent or disconnected. */
  add(replica: Replica): void {
    if (this.#isFirst(replica)) this.#first.push(replica)
    else this.#others.push(replica)
  }

  /**
   * The connection to the leader's broker broke, as it does when the process ends. A replica that is awake goes by
   * that; silence alone it judges by its own timer, since a broker that is slow for a moment leads on.
   */
  disconnected(replica: Replica): void {
    if (replica.driver.asleep || replica.driver.stopped) return
    // Of thousands the others draw their time, which spreads them.
    const eager = this.#eager < MANY && this.#isFirst(replica)
    if (eager) this.#eager += 1
    replica.driver.leaderLost(0, eager)
  }

  /** Each tick: the next wave. */
  tick(): void {
    this.#eager = 0
    this.#ticksWithoutFirst = this.#first.length > 0 ? 0 : this.#ticksWithoutFirst + 1
    for (let woken = 0; this.#deps.awake() < MANY || woken < NEVERTHELESS; woken += 1) {
      // With the newest in front nothing is moved in the list; their order is the same on all brokers.
      const replica = this.#first.pop() ?? (this.#ticksWithoutFirst > PATIENCE ? this.#others.pop() : undefined)
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
    return isFirst(brokerId, id, driver.core.configuration.voters, sleepers)
  }
}

/** Whether this broker's replica is to campaign first of all voters of the group that are left. */
export function isFirst(
  brokerId: BrokerId,
  group: GroupId,
  voters: readonly BrokerId[],
  sleepers: Pick<Sleepers, 'isReachable'>,
): boolean {
  const left = voters.filter((voter) => voter === brokerId || sleepers.isReachable(voter)).sort((a, b) => a - b)
  return left[group % left.length] === brokerId
}
