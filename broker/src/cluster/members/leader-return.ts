import type { BrokerId, GroupId } from '@tailrace/schemas'
import { METADATA_GROUP, NO_BROKER } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { preferredReplica } from '../metadata/partition-replicas.ts'
import type { GroupCalls } from './group-calls.ts'

/** Time from one round to the next while leaderships are to be returned, and while none are. */
const ROUND_MS = 500
const IDLE_ROUND_MS = 5000
/**
 * Leaderships that return in one round, all partitions together: each one stops publishing to its partition for a
 * moment.
 */
const MAX_BUSY = 8
const CALL_MS = 3000
/** A partition waits at most this many times longer than the first time until its leadership returns once more. */
const MAX_WAITS = 64

export interface LeaderReturnDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  readonly calls: GroupCalls
  /** Whether this broker has a link to that one now. */
  readonly alive: (broker: BrokerId) => boolean
  readonly clock: Clock
  readonly logger: Logger
  /** How long a broker must have been up, as seen from here; 0: leaderships never return by themselves. */
  readonly settleMs: number
}

/** A broker that is up. All times are monotonic milliseconds. */
interface Presence {
  readonly incarnation: string
  readonly since: number
  /** Partitions whose leadership was to return to this broker lately, and may be tried again from `at` on. */
  readonly waits: Map<GroupId, { readonly at: number; readonly ms: number }>
}

/**
 * Brings leaderships back to the replicas that are preferred, after a broker was down. It runs where the metadata group
 * is led. Its memory may be lost at any time: a new metadata leader counts anew for how long each broker has been up.
 *
 * A leadership that does not stay where it was returned to waits twice as long each time, until that broker starts
 * again. So does one that cannot be returned.
 */
export class LeaderReturn {
  readonly #deps: LeaderReturnDeps
  readonly #present = new Map<BrokerId, Presence>()
  readonly #busy = new Set<GroupId>()
  #timer: TimerHandle | null = null
  #closed = false

  constructor(deps: LeaderReturnDeps) {
    this.#deps = deps
  }

  /** This broker may lead the metadata group now. */
  wake(): void {
    if (this.#closed || this.#timer !== null || !this.#mayAct()) return
    this.#timer = this.#deps.clock.after(ROUND_MS, () => this.#round())
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #mayAct(): boolean {
    return this.#deps.settleMs > 0 && this.#deps.groups.get(METADATA_GROUP)?.isLeader === true
  }

  #round(): void {
    this.#timer = null
    if (this.#closed) return
    if (!this.#mayAct()) {
      this.#present.clear()
      return
    }
    this.#lookAtBrokers()
    for (const group of this.#misplaced(MAX_BUSY - this.#busy.size)) void this.#giveBack(group)
    this.#timer = this.#deps.clock.after(this.#busy.size > 0 ? ROUND_MS : IDLE_ROUND_MS, () => this.#round())
  }

  #lookAtBrokers(): void {
    const { state, alive, clock } = this.#deps
    const now = clock.monotonic()
    for (const id of this.#present.keys()) if (!state.brokers.has(id) || !alive(id)) this.#present.delete(id)
    for (const { id, incarnation } of state.brokers.values()) {
      if (!alive(id) || this.#present.get(id)?.incarnation === incarnation) continue
      this.#present.set(id, { incarnation, since: now, waits: new Map() })
    }
  }

  /**
   * Partitions that another replica leads than the preferred one, which has been up for long enough; at most `count`.
   */
  #misplaced(count: number): GroupId[] {
    const { state, calls, clock, settleMs } = this.#deps
    const now = clock.monotonic()
    const found: GroupId[] = []
    for (const [group, { topic, partition }] of state.places) {
      if (found.length >= count) break
      const place = topic.partitions[partition]!
      const preferred = preferredReplica(place)
      const presence = this.#present.get(preferred)
      if (presence === undefined || now - presence.since < settleMs || place.change !== undefined) continue
      if ((presence.waits.get(group)?.at ?? 0) > now || this.#busy.has(group)) continue
      const leader = calls.leaderOf(group)
      if (leader !== NO_BROKER && leader !== preferred) found.push(group)
    }
    return found
  }

  async #giveBack(group: GroupId): Promise<void> {
    const { state, calls, logger, clock, settleMs } = this.#deps
    const to = preferredReplica(state.partitionOf(group)!)
    const from = calls.leaderOf(group)
    const { waits } = this.#present.get(to)!
    const before = waits.get(group)?.ms ?? 0
    this.#busy.add(group)
    let ms = Math.min(Math.max(settleMs, 2 * before), MAX_WAITS * settleMs)
    try {
      await calls.at(to, 'MayLead', { group }, CALL_MS)
      const { outcome } = await calls.at(from, 'ReturnLeadership', { group, to }, CALL_MS)
      if (outcome === 'kept') ms = settleMs
      else logger.info({ group, from, to }, 'a leadership has returned to the preferred replica')
    } catch (error) {
      logger.warn({ group, from, to, err: error, nextTryMs: ms }, 'a leadership cannot return to the preferred replica')
    } finally {
      waits.set(group, { at: clock.monotonic() + ms, ms })
      this.#busy.delete(group)
    }
  }
}
