import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { DeclinedPartition } from '../../api/consumer-groups-api.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { AssignPartitions } from '../state/commands/consumer-group-command.ts'
import type { ConsumerGroup } from '../state/consumer-group.ts'
import type { CoordinatorCounts } from './counts.ts'
import { declinedNow } from './declined-partitions.ts'
import { targetOf } from './target.ts'
import type { TopicsView } from './topics-view.ts'

/** Until an assignment that could not be committed, for lack of room for instance, is tried again. */
const AGAIN_MS = 5000

export interface AssignmentsDeps {
  readonly groups: ReadonlyMap<string, ConsumerGroup>
  readonly view: TopicsView
  /** Whose beats those of a member are; undefined: this coordinator has not heard it. Null: a broker's own. */
  readonly askerOf: (group: string, member: string) => Asker | null | undefined
  /** As it has said with its last beat. */
  readonly declinedBy: (group: string, member: string) => readonly DeclinedPartition[]
  readonly mayRead: (asker: Asker | null, topic: string) => boolean
  readonly propose: (command: AssignPartitions) => Promise<unknown>
  readonly counts: CoordinatorCounts
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Assigns the partitions of the groups of one coordinator anew where members, subscriptions or topics have changed.
 * What changes in one turn is assigned at once.
 */
export class Assignments {
  readonly #deps: AssignmentsDeps
  readonly #changed = new Set<string>()
  /** Groups with patterns of which not all members have been heard: what they may read is not known. */
  readonly #deferred = new Set<string>()
  /** Groups that a former coordinator has assigned: what has changed since then may have had nobody to hear of it. */
  readonly #inherited = new Set<string>()
  /** Groups whose last assignment could not be committed. */
  readonly #failed = new Set<string>()
  #round: { readonly groups: ReadonlySet<string>; readonly done: Promise<void> } | null = null
  #again: TimerHandle | null = null
  #ended = false

  constructor(deps: AssignmentsDeps) {
    this.#deps = deps
  }

  changed(group: string): void {
    if (this.#ended) return
    this.#changed.add(group)
    this.#begin()
  }

  /**
   * Of a former coordinator. It is looked at when something changes, or once all of its members have been heard: what
   * they decline is known to them alone.
   */
  inherited(group: string): void {
    this.#inherited.add(group)
  }

  /** A member has been heard. */
  heard(group: string): void {
    if (this.#deferred.delete(group) || (this.#inherited.has(group) && this.#hasHeardAll(group))) this.changed(group)
  }

  /** Resolves when the group is assigned as far as this is possible now. */
  async settled(group: string): Promise<void> {
    while (!this.#ended && (this.#changed.has(group) || this.#round?.groups.has(group))) await this.#round?.done
  }

  end(): void {
    this.#ended = true
    this.#changed.clear()
    this.#again?.cancel()
  }

  #hasHeardAll(id: string): boolean {
    const { groups, askerOf } = this.#deps
    for (const member of groups.get(id)?.members.keys() ?? []) if (askerOf(id, member) === undefined) return false
    return true
  }

  #begin(): void {
    if (this.#round !== null) return
    const groups = new Set<string>()
    const done = new Promise<void>((resolve) => {
      this.#deps.clock.soon(() => {
        for (const group of this.#changed) groups.add(group)
        this.#changed.clear()
        Promise.all([...groups].map((group) => this.#assign(group))).then(() => {
          this.#round = null
          resolve()
          if (this.#changed.size > 0) this.#begin()
        })
      })
    })
    this.#round = { groups, done }
  }

  /** Never rejects. */
  async #assign(id: string): Promise<void> {
    const { groups, view, askerOf, declinedBy, mayRead, propose, counts, clock, logger } = this.#deps
    const group = groups.get(id)
    if (this.#ended || group === undefined || group.members.size === 0) {
      this.#inherited.delete(id)
      this.#failed.delete(id)
      return
    }
    for (const { id: member, subscribed } of group.members.values()) {
      if (subscribed.patterns.length > 0 && askerOf(id, member) === undefined) return void this.#deferred.add(id)
    }
    this.#inherited.delete(id)
    const mayMember = (member: string, topic: string): boolean => mayRead(askerOf(id, member) ?? null, topic)
    const declines = (member: string) => declinedNow(group, member, declinedBy(id, member))
    const command = targetOf({ view, mayRead: mayMember, declines }, group, clock.now())
    if (command === null) return void this.#failed.delete(id)
    try {
      await propose(command)
      counts.rebalances += 1
      this.#failed.delete(id)
    } catch (error) {
      const { code } = TailraceError.from(error)
      if (code === 'NOT_LEADER' || code === 'OUTCOME_UNKNOWN') return
      if (!this.#failed.has(id)) {
        logger.warn({ consumerGroup: id, err: error }, 'the partitions of a consumer group could not be assigned yet')
      }
      this.#failed.add(id)
      this.#tryLater()
    }
  }

  #tryLater(): void {
    this.#again ??= this.#deps.clock.after(AGAIN_MS, () => {
      this.#again = null
      for (const id of this.#failed) this.changed(id)
    })
  }
}
