import type { BrokerId, GroupId } from '@tailrace/schemas'
import { METADATA_GROUP, NO_BROKER } from '@tailrace/schemas'
import type { Group, Groups } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { LeaderDirectory } from '../routing/leader-directory.ts'

/** A partition without a leader is awaited for so long: its leader may be on a broker to which there is no link yet. */
export const LEADERLESS_MS = 10_000
/**
 * The same, where all its brokers are linked: each tells of its leaderships with the link, so nobody leads, as in a
 * cluster that starts as a whole. A leadership that is being transferred is back sooner.
 */
export const LINKED_LEADERLESS_MS = 500

export interface CatchUpDeps {
  readonly brokerId: BrokerId
  readonly groups: { all(): Iterable<Pick<Group, 'id' | 'standing' | 'missing'>>; get: Groups['get'] }
  readonly state: Pick<MetadataState, 'partitionOf'>
  readonly directory: Pick<LeaderDirectory, 'lookup'>
  readonly connected: (broker: BrokerId) => boolean
  readonly clock: Pick<Clock, 'monotonic'>
  readonly logger: Logger
}

interface Awaited {
  /** When it was first seen that no broker leads the group, which has lasted since. Monotonic milliseconds. */
  leaderlessSince: number | undefined
}

/**
 * Whether the replicas of this broker have once caught up with their leaders since its start. Before that the next
 * broker of a cluster that is restarted must not be stopped: a partition could lack its majority. Later lag does not
 * count: clients that were sent away would only go to other brokers.
 */
export class CatchUp {
  readonly #deps: CatchUpDeps
  #awaited: Map<GroupId, Awaited> | null = null
  #done = false

  constructor(deps: CatchUpDeps) {
    this.#deps = deps
  }

  /** To be asked now and then, once all replicas are open. Text for operators: what is awaited; null: nothing. */
  awaits(): string | null {
    if (this.#done) return null
    this.#awaited ??= this.#established()
    const counts = { behind: 0, missing: 0, leaderless: 0 }
    for (const [group, awaited] of this.#awaited) this.#look(group, awaited, counts)
    const reason = describe(counts)
    if (reason === null) this.#finish()
    return reason
  }

  #established(): Map<GroupId, Awaited> {
    const { groups } = this.#deps
    const found = new Map<GroupId, Awaited>()
    for (const { id } of groups.all()) if (this.#counts(id)) found.set(id, { leaderlessSince: undefined })
    return found
  }

  /** A replica that joins or leaves its group may be sent nothing, and no majority counts on it. */
  #counts(group: GroupId): boolean {
    const { state, brokerId } = this.#deps
    const partition = state.partitionOf(group)
    if (group === METADATA_GROUP || partition === undefined) return false
    const { replicas, change } = partition
    return replicas.includes(brokerId) && (change === undefined || change.replicas.includes(brokerId))
  }

  #look(group: GroupId, awaited: Awaited, counts: Counts): void {
    const { groups, directory, clock } = this.#deps
    const replica = groups.get(group)
    // A stopped replica does not catch up before the next start; the broker serves the others (readiness.ts).
    const isOver = replica === undefined || replica.standing === 'stopped' || replica.missing === 0
    if (isOver || !this.#counts(group)) {
      this.#awaited!.delete(group)
      return
    }
    if (directory.lookup(group).leader === NO_BROKER) {
      awaited.leaderlessSince ??= clock.monotonic()
      if (clock.monotonic() - awaited.leaderlessSince < this.#patienceMs(group)) counts.leaderless++
      return
    }
    awaited.leaderlessSince = undefined
    counts.behind++
    counts.missing += replica.missing ?? 0
  }

  #patienceMs(group: GroupId): number {
    const { state, brokerId, connected } = this.#deps
    const isLinked = state.partitionOf(group)!.replicas.every((id) => id === brokerId || connected(id))
    return isLinked ? LINKED_LEADERLESS_MS : LEADERLESS_MS
  }

  #finish(): void {
    this.#done = true
    const leaderless = this.#awaited!.size
    this.#awaited = null
    if (leaderless === 0) return
    this.#deps.logger.warn({ leaderless }, 'ready although partitions have no leader: nothing tells what is missing')
  }
}

interface Counts {
  behind: number
  missing: number
  leaderless: number
}

function describe({ behind, missing, leaderless }: Counts): string | null {
  const parts: string[] = []
  if (behind > 0)
    parts.push(`Replicas that have not caught up since the start: ${behind}, missing entries: ${missing}.`)
  if (leaderless > 0) {
    parts.push(`Partitions without a leader: ${leaderless}, awaited for ${LEADERLESS_MS / 1000} s at most.`)
  }
  return parts.length === 0 ? null : parts.join(' ')
}
