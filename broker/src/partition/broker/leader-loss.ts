import type { BrokerId } from '@tailrace/schemas'
import type { Replica } from '../replica/replica.ts'
import type { Sleepers } from './sleepers.ts'

/**
 * Groups without a leader at one time from which on no more are woken, except for a few: elections of thousands at once
 * would all come too late.
 */
const MANY = 1_000
const NEVERTHELESS = 64

export interface LeaderLossDeps {
  readonly brokerId: BrokerId
  readonly sleepers: Pick<Sleepers, 'asleepSince' | 'isReachable'>
  /** Ticks of this broker so far. */
  readonly ticks: () => number
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
  /** Told of the loss, and not known to have another leader yet. */
  readonly #open = new Set<Replica>()

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
    if (!replica.driver.asleep && !replica.driver.stopped) this.#tell(replica, 0)
  }

  /** Each tick: the next wave. */
  tick(): void {
    for (const replica of this.#open) if (this.#isOver(replica)) this.#open.delete(replica)
    for (let woken = 0; this.#open.size < MANY || woken < NEVERTHELESS; woken += 1) {
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
    this.#tell(replica, ticks() - since)
  }

  #tell(replica: Replica, elapsedTicks: number): void {
    // Beyond `MANY` the timers' own draw spreads the campaigns.
    const eager = this.#open.size < MANY && this.#isFirst(replica)
    replica.driver.leaderLost(elapsedTicks, eager)
    this.#open.add(replica)
  }

  /** Whether the group has another leader, or its replica here takes no part any more. */
  #isOver({ driver }: Replica): boolean {
    const { brokerId, sleepers } = this.#deps
    const { leader } = driver.core
    return driver.stopped || driver.asleep || leader === brokerId || sleepers.isReachable(leader)
  }

  #isFirst({ id, driver }: Replica): boolean {
    const { brokerId, sleepers } = this.#deps
    const isLeft = (voter: BrokerId): boolean => voter === brokerId || sleepers.isReachable(voter)
    const left = driver.core.configuration.voters.filter(isLeft).sort((a, b) => a - b)
    return left[id % left.length] === brokerId
  }
}
