import type { GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { ConsumerGroupRequest, ConsumerGroupResult } from '../../api/consumer-groups-api.ts'
import type { StateStore } from '../../log/log-storage.ts'
import type { Group, Groups } from '../../partition/group.ts'
import { LedGroups } from '../../partition/led-groups.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { ConsumerGroupsMachine, removeConsumerGroups } from '../state/consumer-groups-machine.ts'
import { Coordinator } from './coordinator.ts'
import type { CoordinatorFigures, GroupLag } from './coordinator-metrics.ts'
import { noCounts } from './counts.ts'
import { DeletedTopics } from './deleted-topics.ts'
import { describeGroup, listGroups, progressOf, stuckOf } from './descriptions.ts'
import type { PartitionEnds } from './partition-ends.ts'
import type { KnownTopic, TopicsView } from './topics-view.ts'

/** How often sessions and delayed records are looked at, while there are any. */
const TICK_MS = 100
/** How often some groups are looked at for what nobody needs any more; more often if they expire soon. */
const EXPIRY_MS = 60_000
const LOOKS_PER_EXPIRATION = 4
const LEAST_EXPIRY_MS = 1_000

export interface CoordinatorsDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly store: StateStore
  readonly view: TopicsView
  readonly ends: PartitionEnds
  /** Null: a broker asks for itself. */
  readonly mayRead: (asker: Asker | null, topic: string) => boolean
  /** Time after which a group without members is removed; 0: never. */
  readonly expirationMs: number
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The replicas of coordinators that this broker has, each with its state machine; and the coordinators that it is: of
 * each partition that it leads, in the term in which it leads it.
 */
export class Coordinators {
  readonly #counts = noCounts()
  readonly #deps: CoordinatorsDeps
  readonly #led: LedGroups<ConsumerGroupsMachine, Coordinator>
  readonly #deleted = new DeletedTopics()
  #timer: TimerHandle | null = null
  #expiryTimer: TimerHandle | null = null

  constructor(deps: CoordinatorsDeps) {
    this.#deps = deps
    this.#led = new LedGroups({
      ...deps,
      // Members count their sessions from the moment at which the new coordinator begins.
      begin: (leader, machine) => this.#coordinatorFor(leader, machine),
      begun: () => {
        this.#tickLater()
        this.#expireLater()
      },
      cannotBegin: 'this broker is not the coordinator yet',
    })
  }

  /**
   * The state machine for the replica of a coordinator, as far as it is stored.
   * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
   */
  async machineOf(group: GroupId, isBlank: boolean): Promise<ConsumerGroupsMachine> {
    const { store, clock, logger } = this.#deps
    return this.#led.open(group, async () => {
      if (isBlank) await removeConsumerGroups(store, prefixOf(group))
      const machine = new ConsumerGroupsMachine({
        store,
        keyPrefix: prefixOf(group),
        clock,
        logger,
        onApplied: ({ outcomes }, { term }) => {
          this.#led.inTerm(group, term)?.applied(outcomes)
          this.#tickLater()
        },
        onRestored: () => this.#led.end(group),
        onUnreadable: () => this.#led.end(group),
      })
      await machine.load()
      return machine
    })
  }

  has(group: GroupId): boolean {
    return this.#led.machines.has(group)
  }

  /** The replica is off the disk. */
  async forget(group: GroupId): Promise<void> {
    await this.#led.forget(group)
    await removeConsumerGroups(this.#deps.store, prefixOf(group))
  }

  /** Of the groups that this broker coordinates. */
  figures(): CoordinatorFigures {
    const now = this.#deps.clock.monotonic()
    let [groups, members, stuck] = [0, 0, 0]
    for (const coordinator of this.#led.leading.values()) {
      for (const group of coordinator.groups.values()) {
        groups += 1
        members += group.members.size
        for (const id of group.members.keys()) stuck += stuckOf(group, id, coordinator.members, now).length
      }
    }
    return { counts: this.#counts, groups, members, stuck }
  }

  /** The lag of the groups that this broker coordinates; null: they have more than `most` partitions. Never rejects. */
  async lags(most: number): Promise<readonly GroupLag[] | null> {
    const groups = [...this.#led.leading.values()].flatMap((coordinator) => [...coordinator.groups.values()])
    const topics = groups.flatMap((group) => [...group.topics.values()])
    if (topics.reduce((sum, { partitions }) => sum + partitions.size, 0) > most) return null
    const ends = await this.#deps.ends.of(topics.map(({ topicId }) => topicId))
    return groups.flatMap((group) =>
      progressOf(group, ends)
        .filter(({ lag }) => lag >= 0)
        .map(({ topic, partition, lag }) => ({ group: group.id, topic, partition, lag })),
    )
  }

  /** @throws TailraceError NOT_LEADER, NEWER_FORMAT, and as ConsumerGroupsApi.ask */
  async answer(group: GroupId, request: ConsumerGroupRequest, asker: Asker | null): Promise<ConsumerGroupResult> {
    const coordinator = await this.#led.leaderOf(group)
    const { groups } = coordinator
    const now = this.#deps.clock.monotonic()
    switch (request.kind) {
      case 'list':
        return { kind: 'listed', groups: await listGroups(groups, coordinator.members, this.#deps.ends, now) }
      case 'describe': {
        const found = groups.get(request.group)
        if (found === undefined) throw new TailraceError('UNKNOWN_CONSUMER_GROUP', `"${request.group}"`)
        return describeGroup(found, coordinator.members, this.#deps.ends, now)
      }
      default:
        return coordinator.carryOut(request, asker)
    }
  }

  /** This broker may have become the leader of a group, or be it no longer. */
  leadershipChanged(group: GroupId): void {
    this.#led.leadershipChanged(group)
  }

  /** A topic is new, or has more partitions; null: which topics have changed is not known. */
  topicsChanged(name: string | null): void {
    for (const coordinator of this.#led.leading.values()) coordinator.topicsChanged(name)
  }

  /** The rules of who may read what have changed. */
  rightsChanged(): void {
    for (const coordinator of this.#led.leading.values()) coordinator.rightsChanged()
  }

  topicDeleted({ id, name }: KnownTopic): void {
    this.#deleted.add(id)
    this.#expireLater()
    this.topicsChanged(name)
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#expiryTimer?.cancel()
    await this.#led.close()
  }

  #coordinatorFor(leader: Group, { state }: ConsumerGroupsMachine): Coordinator {
    const { term } = leader
    return new Coordinator({ ...this.#deps, leader, term, state, counts: this.#counts, deleted: this.#deleted })
  }

  #tickLater(): void {
    if (this.#timer !== null || this.#led.isClosed) return
    if (![...this.#led.leading.values()].some((coordinator) => coordinator.mustTick)) return
    this.#timer = this.#deps.clock.after(TICK_MS, () => {
      this.#timer = null
      for (const coordinator of this.#led.leading.values()) coordinator.tick()
      this.#tickLater()
    })
  }

  #expireLater(): void {
    if (this.#expiryTimer !== null || this.#led.isClosed || this.#led.leading.size === 0) return
    const { expirationMs, clock } = this.#deps
    if (expirationMs === 0 && this.#deleted.size === 0) return
    const soonMs = Math.max(LEAST_EXPIRY_MS, Math.ceil(expirationMs / LOOKS_PER_EXPIRATION))
    const everyMs = expirationMs === 0 ? EXPIRY_MS : Math.min(EXPIRY_MS, soonMs)
    this.#expiryTimer = clock.after(everyMs, () => {
      this.#expiryTimer = null
      for (const coordinator of this.#led.leading.values()) coordinator.expire()
      this.#expireLater()
    })
  }
}

function prefixOf(group: GroupId): string {
  return `consumer-groups/${String(group).padStart(10, '0')}/`
}
