import type { BrokerId, GroupId, Message, Term } from '@tailrace/schemas'
import type { NoteName, Peers } from '../peers.ts'
import { SleepingSet } from './sleeping-set.ts'

/** Beats without a message of a peer after which this broker does not count on it any more. */
const SILENT_BEATS = 4
/**
 * The sets are compared after so many beats with different but unchanged figures; and after so many with different
 * figures in any case.
 */
const STEADY_BEATS = 3
const UNSTEADY_BEATS = 20

export interface SleepersDeps {
  readonly brokerId: BrokerId
  readonly peers: Pick<Peers, 'tell'>
  /** Wakes the replica, so that it finds out for itself which members are alive. */
  readonly wake: (group: GroupId) => void
  /**
   * The last block of this broker's journal that is durable: other brokers remember it (cluster/formation/witness.ts).
   */
  readonly durableBlock: () => number
  /** Whether a peer shows signs of life, each time that this changes. */
  readonly reachable: (peer: BrokerId, reachable: boolean) => void
}

interface SharedWith {
  /** Sleeping groups that this broker leads and the peer belongs to; and those in which it follows the peer. */
  readonly led: SleepingSet
  readonly followed: SleepingSet
  /** The connection to it is up. */
  linked: boolean
  /** Beats since its last one. */
  silentBeats: number
  reachable: boolean
  /** Beats for which its figures have differed from ours, and for how many of them neither side's have changed. */
  differing: number
  steady: number
  figures: string
}

interface Sleeper {
  readonly term: Term
  readonly leader: BrokerId
  readonly members: readonly BrokerId[]
  /** Tick of this broker when it fell asleep. */
  readonly since: number
}

/**
 * Watches over the sleeping groups of this broker (M86, M87): one beat for each pair of brokers in the place of
 * heartbeats for each group. A beat says that its sender lives, and which groups it takes to be asleep together with
 * the receiver. A peer without beats wakes every group that it belongs to. A replica that is dead in a living broker is
 * missing in that broker's figures; then the two compare their sets, and wake the groups that only one of them has.
 */
export class Sleepers {
  readonly #deps: SleepersDeps
  readonly #asleep = new Map<GroupId, Sleeper>()
  readonly #shared = new Map<BrokerId, SharedWith>()

  constructor(deps: SleepersDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#asleep.size
  }

  /** The tick when it fell asleep. */
  asleepSince(group: GroupId): number | undefined {
    return this.#asleep.get(group)?.since
  }

  has(group: GroupId): boolean {
    return this.#asleep.has(group)
  }

  /** The connection to it is up; it may be silent all the same. */
  isLinked(peer: BrokerId): boolean {
    return this.#shared.get(peer)?.linked === true
  }

  isReachable(peer: BrokerId): boolean {
    return this.#shared.get(peer)?.reachable === true
  }

  fellAsleep(group: GroupId, sleeper: Sleeper): void {
    this.woke(group)
    this.#asleep.set(group, sleeper)
    for (const set of this.#setsOf(sleeper)) set.add(group, sleeper.term)
  }

  woke(group: GroupId): void {
    const sleeper = this.#asleep.get(group)
    if (sleeper === undefined) return
    this.#asleep.delete(group)
    for (const set of this.#setsOf(sleeper)) set.remove(group)
  }

  link(peer: BrokerId, up: boolean): void {
    const shared = this.#sharedWith(peer)
    shared.linked = up
    shared.silentBeats = 0
    this.#setReachable(peer, shared, up)
  }

  /** Tells every connected peer that this broker lives, and counts the beats for which peers have been silent. */
  beat(): void {
    const durable = this.#deps.durableBlock()
    for (const [peer, shared] of this.#shared) {
      if (!shared.linked) continue
      const { led, followed } = shared
      const figures = { led: led.size, ledDigest: led.digest, followed: followed.size, followedDigest: followed.digest }
      this.#deps.peers.tell(peer, 'NodeBeat', { ...figures, durable })
      shared.silentBeats++
      if (shared.silentBeats > SILENT_BEATS) this.#setReachable(peer, shared, false)
    }
  }

  told<Name extends NoteName>(from: BrokerId, name: Name, fields: Message<Name>): void {
    if (name === 'NodeBeat') this.#takeBeat(from, fields as Message<'NodeBeat'>)
    else if (name === 'SleepingGroups') this.#compare(from, fields as Message<'SleepingGroups'>)
    else if (name === 'WakeGroups')
      for (const group of (fields as Message<'WakeGroups'>).groups) this.#wakeWith(from, group)
  }

  #takeBeat(from: BrokerId, beat: Message<'NodeBeat'>): void {
    const shared = this.#sharedWith(from)
    shared.silentBeats = 0
    if (shared.linked) this.#setReachable(from, shared, true)
    const { led, followed } = shared
    // The groups that the peer leads are those that this broker follows, and the other way round.
    const agrees =
      beat.led === followed.size &&
      beat.ledDigest === followed.digest &&
      beat.followed === led.size &&
      beat.followedDigest === led.digest
    const figures = agrees
      ? ''
      : `${[beat.led, beat.ledDigest, beat.followed, beat.followedDigest].join()} ${led.version} ${followed.version}`
    shared.differing = agrees ? 0 : shared.differing + 1
    shared.steady = agrees || figures !== shared.figures ? 0 : shared.steady + 1
    shared.figures = figures
    // Groups that fall asleep or wake differ for a beat or two.
    if (shared.steady < STEADY_BEATS && shared.differing < UNSTEADY_BEATS) return
    shared.differing = 0
    shared.steady = 0
    this.#deps.peers.tell(from, 'SleepingGroups', { led: led.list(), followed: followed.list() })
  }

  /** Wakes the groups that only one of the two has: here at once, there by an answer. */
  #compare(from: BrokerId, theirs: Message<'SleepingGroups'>): void {
    const { led, followed } = this.#sharedWith(from)
    const unknown: GroupId[] = []
    const match = (listed: Message<'SleepingGroups'>['led'], own: SleepingSet): void => {
      const agreed = new Set<GroupId>()
      for (const { group, term } of listed) {
        if (own.has(group, term)) agreed.add(group)
        else unknown.push(group)
      }
      for (const group of [...own.groups()]) if (!agreed.has(group)) this.#deps.wake(group)
    }
    match(theirs.led, followed)
    match(theirs.followed, led)
    if (unknown.length > 0) this.#deps.peers.tell(from, 'WakeGroups', { groups: unknown })
  }

  #wakeWith(from: BrokerId, group: GroupId): void {
    if (this.#asleep.get(group)?.members.includes(from)) this.#deps.wake(group)
  }

  #setReachable(peer: BrokerId, shared: SharedWith, reachable: boolean): void {
    if (shared.reachable === reachable) return
    shared.reachable = reachable
    this.#deps.reachable(peer, reachable)
  }

  /** The sets that a sleeper is in: one for each follower of its leader, or the one of its leader. */
  *#setsOf({ leader, members }: Sleeper): Iterable<SleepingSet> {
    const { brokerId } = this.#deps
    if (leader !== brokerId) yield this.#sharedWith(leader).followed
    else for (const member of members) if (member !== brokerId) yield this.#sharedWith(member).led
  }

  #sharedWith(peer: BrokerId): SharedWith {
    let shared = this.#shared.get(peer)
    if (shared === undefined) {
      const sets = { led: new SleepingSet(), followed: new SleepingSet() }
      const silent = { linked: false, silentBeats: 0, reachable: false, differing: 0, steady: 0, figures: '' }
      shared = { ...sets, ...silent }
      this.#shared.set(peer, shared)
    }
    return shared
  }
}
