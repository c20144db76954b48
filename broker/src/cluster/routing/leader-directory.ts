import type { BrokerId, GroupId, Term } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { isTerm, MAX_TERM_LEAP } from '../../raft/election/term-rules.ts'
import { AwaitedChanges } from './awaited-changes.ts'

export interface Leadership {
  readonly leader: BrokerId
  readonly term: Term
}
const NOBODY: Leadership = { leader: NO_BROKER, term: 0 }

/** Announcements may be lost like any message between brokers; sending all of them again now and then repairs that. */
const REPEAT_MS = 10_000
/**
 * A leadership that was announced and not repeated for so long no longer excludes an announcement with a lower term.
 */
const STALE_MS = 2.5 * REPEAT_MS
const MAX_WAITERS = 10_000
/**
 * Groups of which announcements are kept: those that the metadata does not know yet must not take memory without a
 * bound.
 */
const MAX_GROUPS = 1_000_000

/** An announcement of a broker about itself, and the time of its last repetition. */
interface Announced {
  readonly said: Leadership
  readonly at: number
}

export interface DirectoryDeps {
  readonly brokerId: BrokerId
  readonly clock: Clock
  readonly connected: (peer: BrokerId) => boolean
  readonly announce: (leaders: { group: GroupId; term: Term }[]) => void
  readonly logger: Logger
  /** False for groups that are gone permanently, so that late announcements of them take no memory. */
  readonly mayExist: (group: GroupId) => boolean
  /** The leadership of a group, or whether its leader can be reached, has changed. */
  readonly onChange: (group: GroupId) => void
}

/**
 * The leader of each group, from this broker's own replicas and from the announcements of leaders. A replica here that
 * knows a leader is always right: Raft has checked that leader, and would have deposed it for a higher term. Else the
 * highest term that was announced counts; it is remembered for a while, so that old announcements do not come back, and
 * then forgotten, so that no announcement can keep out the true leader permanently. A leader that cannot be reached
 * counts as none until its link is up again.
 */
export class LeaderDirectory {
  readonly #deps: DirectoryDeps
  /** The leaders that the replicas here know. */
  readonly #own = new Map<GroupId, Leadership>()
  readonly #announced = new Map<GroupId, Announced>()
  readonly #changes: AwaitedChanges
  readonly #repeat: TimerHandle
  #toAnnounce: Set<GroupId> | null = null

  constructor(deps: DirectoryDeps) {
    this.#deps = deps
    this.#changes = new AwaitedChanges(deps.clock, MAX_WAITERS)
    this.#repeat = deps.clock.every(REPEAT_MS, () => this.#announceAll())
  }

  /** A leader that can be reached now, else leader 0; with the highest known term. */
  lookup(group: GroupId): Leadership {
    const known = this.#known(group)
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

  /** The leader that this broker's replica knows. */
  own(group: GroupId, term: Term, leader: BrokerId): void {
    this.#change(group, () => this.#own.set(group, { leader, term }))
    if (leader === this.#deps.brokerId) this.#announceSoon([group])
  }

  /** There is no replica here any more. */
  disown(group: GroupId): void {
    this.#change(group, () => this.#own.delete(group))
  }

  /** Returns how many of them were refused. */
  announced(from: BrokerId, leaders: readonly { readonly group: GroupId; readonly term: Term }[]): number {
    let refused = 0
    for (const { group, term } of leaders) {
      if (!this.#deps.mayExist(group)) continue
      if (!isTerm(term) || this.#isLeap(group, term) || !this.#hasRoom(group)) {
        if (refused++ === 0) {
          const known = this.#known(group).term
          this.#deps.logger.warn({ from, group, term, known }, 'a leadership that a broker announces is not believed')
        }
        continue
      }
      const before = this.#announced.get(group)
      const at = this.#deps.clock.monotonic()
      const { leader, term: last } = before?.said ?? NOBODY
      const isOld = before !== undefined && leader !== from && term < last && at - before.at < STALE_MS
      if (!isOld) this.#change(group, () => this.#announced.set(group, { said: { leader: from, term }, at }))
    }
    return refused
  }

  /** The leader of that term has said that it is not. About itself this broker knows from its own replica. */
  deny(group: GroupId, { leader, term }: Leadership): void {
    if (leader === this.#deps.brokerId) return
    const [own, announced] = [this.#own.get(group), this.#announced.get(group)]
    this.#change(group, () => {
      if (own?.leader === leader && own.term === term) this.#own.set(group, { leader: NO_BROKER, term })
      if (announced?.said.leader === leader && announced.said.term === term) {
        this.#announced.set(group, { ...announced, said: { leader: NO_BROKER, term } })
      }
    })
  }

  link(peer: BrokerId, up: boolean): void {
    if (up) this.#announceAll()
    for (const group of this.#groups()) if (this.#known(group).leader === peer) this.#changed(group)
  }

  /** Its topic has been deleted. */
  forget(group: GroupId): void {
    this.#own.delete(group)
    this.#announced.delete(group)
  }

  keepOnly(mayExist: (group: GroupId) => boolean): void {
    for (const group of this.#groups()) if (!mayExist(group)) this.forget(group)
  }

  /** The brokers that may hold replicas of a group have become known, or have changed. */
  review(group: GroupId, mayHold: (broker: BrokerId) => boolean): void {
    const { leader } = this.#announced.get(group)?.said ?? NOBODY
    if (leader === NO_BROKER || mayHold(leader)) return
    this.#change(group, () => this.#announced.delete(group))
  }

  /** Other state that a condition of `until` may look at has changed. */
  touch(): void {
    this.#changes.happened()
  }

  close(): void {
    this.#repeat.cancel()
    this.#changes.close()
  }

  #known(group: GroupId): Leadership {
    const own = this.#own.get(group) ?? NOBODY
    if (own.leader !== NO_BROKER) return own
    const announced = this.#announced.get(group)?.said ?? NOBODY
    return announced.term >= own.term ? announced : own
  }

  #groups(): Set<GroupId> {
    return new Set([...this.#own.keys(), ...this.#announced.keys()])
  }

  /** Terms rise by elections, and those take time; see MAX_TERM_LEAP. */
  #isLeap(group: GroupId, term: Term): boolean {
    const known = Math.max(this.#own.get(group)?.term ?? 0, this.#announced.get(group)?.said.term ?? 0)
    return known > 0 && term > known + MAX_TERM_LEAP
  }

  #hasRoom(group: GroupId): boolean {
    return this.#announced.has(group) || this.#announced.size < MAX_GROUPS
  }

  #change(group: GroupId, change: () => void): void {
    const before = this.#known(group)
    change()
    const after = this.#known(group)
    if (before.leader !== after.leader || before.term !== after.term) this.#changed(group)
  }

  #changed(group: GroupId): void {
    this.#changes.happened()
    this.#deps.onChange(group)
  }

  #announceAll(): void {
    const own = [...this.#own].filter(([, { leader }]) => leader === this.#deps.brokerId)
    if (own.length > 0) this.#announceSoon(own.map(([group]) => group))
  }

  /** All changes of one turn are sent together. */
  #announceSoon(groups: readonly GroupId[]): void {
    const queued = this.#toAnnounce !== null
    this.#toAnnounce ??= new Set()
    for (const group of groups) this.#toAnnounce.add(group)
    if (queued) return
    this.#deps.clock.soon(() => {
      const leaders = [...this.#toAnnounce!]
        .filter((group) => this.#own.get(group)?.leader === this.#deps.brokerId)
        .map((group) => ({ group, term: this.#own.get(group)!.term }))
      this.#toAnnounce = null
      if (leaders.length > 0) this.#deps.announce(leaders)
    })
  }
}
