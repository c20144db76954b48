import type { BrokerId, GroupId, Term } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../platform/clock.ts'
import { Changes } from './changes.ts'

export interface Leadership {
  readonly leader: BrokerId
  readonly term: Term
}
const NOBODY: Leadership = { leader: NO_BROKER, term: 0 }

/** Announcements may be dropped on the way like anything between brokers; saying it all again now and then repairs that. */
const REPEAT_MS = 10_000
const MAX_WAITERS = 10_000

export interface DirectoryDeps {
  readonly brokerId: BrokerId
  readonly clock: Clock
  readonly connected: (peer: BrokerId) => boolean
  readonly announce: (leaders: { group: GroupId; term: Term }[]) => void
  /** False for groups that are gone for good, so that late news of them takes no memory. */
  readonly mayExist: (group: GroupId) => boolean
  /** The leadership of a group, or whether its leader can be reached, has changed. */
  readonly onChange: (group: GroupId) => void
}

/**
 * Who leads each group, from this broker's own replicas and from what leaders say of themselves. The highest term wins; terms are remembered, so old
 * news never comes back. A leader that cannot be reached counts as none until its link is up again.
 */
export class LeaderDirectory {
  readonly #deps: DirectoryDeps
  readonly #known = new Map<GroupId, Leadership>()
  readonly #changes: Changes
  readonly #repeat: TimerHandle
  #toAnnounce: Set<GroupId> | null = null

  constructor(deps: DirectoryDeps) {
    this.#deps = deps
    this.#changes = new Changes(deps.clock, MAX_WAITERS)
    this.#repeat = deps.clock.every(REPEAT_MS, () => this.#announceAll())
  }

  /** A leader that can be reached now, else leader 0; with the highest term heard of. */
  lookup(group: GroupId): Leadership {
    const known = this.#known.get(group) ?? NOBODY
    const reachable = known.leader === this.#deps.brokerId || this.#deps.connected(known.leader)
    return known.leader === NO_BROKER || reachable ? known : { leader: NO_BROKER, term: known.term }
  }

  /**
   * Resolves with a leader that can be reached.
   * @throws TailraceError LEADER_UNAVAILABLE after `timeoutMs`; OVERLOADED when too many wait
   */
  async leaderOf(group: GroupId, timeoutMs: number): Promise<Leadership> {
    const found = (): boolean => this.lookup(group).leader !== NO_BROKER
    if (await this.#changes.until(found, timeoutMs)) return this.lookup(group)
    throw new TailraceError('LEADER_UNAVAILABLE')
  }

  /** Resolves with whether the condition came to hold; it is looked at when any leadership changes. */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    return this.#changes.until(condition, timeoutMs)
  }

  /** What this broker's replica believes. For the same term it is better informed than what was announced before. */
  own(group: GroupId, term: Term, leader: BrokerId): void {
    const known = this.#known.get(group)
    if (known !== undefined && term < known.term) return
    this.#set(group, { leader, term })
    if (leader === this.#deps.brokerId) this.#announceSoon([group])
  }

  announced(from: BrokerId, leaders: readonly { readonly group: GroupId; readonly term: Term }[]): void {
    for (const { group, term } of leaders) {
      const known = this.#known.get(group) ?? NOBODY
      if (term >= known.term && this.#deps.mayExist(group)) this.#set(group, { leader: from, term })
    }
  }

  /** The leader of that term has said that it is not. Of itself this broker hears from its own replica. */
  deny(group: GroupId, { leader, term }: Leadership): void {
    if (leader === this.#deps.brokerId) return
    const known = this.#known.get(group)
    if (known?.leader === leader && known.term === term) this.#set(group, { leader: NO_BROKER, term })
  }

  link(peer: BrokerId, up: boolean): void {
    if (up) this.#announceAll()
    for (const [group, { leader }] of this.#known) if (leader === peer) this.#changed(group)
  }

  /** Its topic has been deleted. */
  forget(group: GroupId): void {
    this.#known.delete(group)
  }

  keepOnly(mayExist: (group: GroupId) => boolean): void {
    for (const group of this.#known.keys()) if (!mayExist(group)) this.#known.delete(group)
  }

  /** Something else that a condition of `until` may look at has changed. */
  touch(): void {
    this.#changes.happened()
  }

  close(): void {
    this.#repeat.cancel()
    this.#changes.close()
  }

  #set(group: GroupId, leadership: Leadership): void {
    const known = this.#known.get(group)
    if (known?.leader === leadership.leader && known.term === leadership.term) return
    this.#known.set(group, leadership)
    this.#changed(group)
  }

  #changed(group: GroupId): void {
    this.#changes.happened()
    this.#deps.onChange(group)
  }

  #announceAll(): void {
    const own = [...this.#known].filter(([, { leader }]) => leader === this.#deps.brokerId)
    if (own.length > 0) this.#announceSoon(own.map(([group]) => group))
  }

  /** All changes of one turn travel together. */
  #announceSoon(groups: readonly GroupId[]): void {
    const queued = this.#toAnnounce !== null
    this.#toAnnounce ??= new Set()
    for (const group of groups) this.#toAnnounce.add(group)
    if (queued) return
    this.#deps.clock.soon(() => {
      const leaders = [...this.#toAnnounce!]
        .filter((group) => this.#known.get(group)?.leader === this.#deps.brokerId)
        .map((group) => ({ group, term: this.#known.get(group)!.term }))
      this.#toAnnounce = null
      if (leaders.length > 0) this.#deps.announce(leaders)
    })
  }
}
