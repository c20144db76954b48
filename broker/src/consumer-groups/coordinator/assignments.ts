import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { AssignPartitions } from '../state/commands/consumer-group-command.ts'
import type { ConsumerGroup } from '../state/consumer-group.ts'
import type { CoordinatorCounts } from './counts.ts'
import { targetOf } from './target.ts'
import type { TopicsView } from './topics-view.ts'

export interface AssignmentsDeps {
  readonly groups: ReadonlyMap<string, ConsumerGroup>
  readonly view: TopicsView
  /** Whose beats those of a member are; undefined: this coordinator has not heard it. Null: a broker's own. */
  readonly askerOf: (group: string, member: string) => Asker | null | undefined
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
  #round: { readonly groups: ReadonlySet<string>; readonly done: Promise<void> } | null = null
  #ended = false

  constructor(deps: AssignmentsDeps) {
    this.#deps = deps
  }

  changed(group: string): void {
    this.#changed.add(group)
    this.#begin()
  }

  /** A member has been heard. */
  heard(group: string): void {
    if (this.#deferred.delete(group)) this.changed(group)
  }

  /** Resolves when the group is assigned as far as this is possible now. */
  async settled(group: string): Promise<void> {
    while (!this.#ended && (this.#changed.has(group) || this.#round?.groups.has(group))) await this.#round?.done
  }

  end(): void {
    this.#ended = true
    this.#changed.clear()
  }

  #begin(): void {
    if (this.#round !== null || this.#ended) return
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
    const { groups, view, askerOf, mayRead, propose, counts, clock, logger } = this.#deps
    const group = groups.get(id)
    if (this.#ended || group === undefined || group.members.size === 0) return
    for (const { id: member, subscribed } of group.members.values()) {
      if (subscribed.patterns.length > 0 && askerOf(id, member) === undefined) return void this.#deferred.add(id)
    }
    const mayMember = (member: string, topic: string): boolean => mayRead(askerOf(id, member) ?? null, topic)
    const command = targetOf({ view, mayRead: mayMember }, group, clock.now())
    if (command === null) return
    counts.rebalances += 1
    try {
      await propose(command)
    } catch (error) {
      const { code } = TailraceError.from(error)
      if (code === 'NOT_LEADER' || code === 'OUTCOME_UNKNOWN') return
      logger.warn({ consumerGroup: id, err: error }, 'the partitions of a consumer group could not be assigned')
    }
  }
}
