import type { GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { ConsumerGroupRequest, ConsumerGroupResult } from '../../api/consumer-groups-api.ts'
import type { StateStore } from '../../log/log-storage.ts'
import type { Group, Groups } from '../../partition/group.ts'
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
  readonly #machines = new Map<GroupId, ConsumerGroupsMachine>()
  readonly #leading = new Map<GroupId, Coordinator>()
  readonly #deleted = new DeletedTopics()
  #timer: TimerHandle | null = null
  #expiryTimer: TimerHandle | null = null
  #closed = false

  constructor(deps: CoordinatorsDeps) {
    this.#deps = deps
  }

  /**
   * The state machine for the replica of a coordinator, as far as it is stored.
   * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
   */
  async machineOf(group: GroupId, isBlank: boolean): Promise<ConsumerGroupsMachine> {
    const { store, clock, logger } = this.#deps
    await this.#machines.get(group)?.close()
    if (isBlank) await removeConsumerGroups(store, prefixOf(group))
    const machine = new ConsumerGroupsMachine({
      store,
      keyPrefix: prefixOf(group),
      clock,
      logger,
      onApplied: ({ outcomes }, { term }) => {
        const coordinator = this.#leading.get(group)
        if (coordinator?.term === term) coordinator.applied(outcomes)
        this.#tickLater()
      },
      onRestored: () => this.#end(group),
      onUnreadable: () => this.#end(group),
    })
    await machine.load()
    this.#machines.set(group, machine)
    return machine
  }

  has(group: GroupId): boolean {
    return this.#machines.has(group)
  }

  /** The replica is off the disk. */
  async forget(group: GroupId): Promise<void> {
    this.#end(group)
    await this.#machines.get(group)?.close()
    this.#machines.delete(group)
    await removeConsumerGroups(this.#deps.store, prefixOf(group))
  }

  /** Of the groups that this broker coordinates. */
  figures(): CoordinatorFigures {
    const now = this.#deps.clock.monotonic()
    let [groups, members, stuck] = [0, 0, 0]
    for (const [led, coordinator] of this.#leading) {
      for (const group of this.#machines.get(led)!.state.groups.values()) {
        groups += 1
        members += group.members.size
        for (const id of group.members.keys()) stuck += stuckOf(group, id, coordinator.members, now).length
      }
    }
    return { counts: this.#counts, groups, members, stuck }
  }

  /** The lag of the groups that this broker coordinates; null: they have more than `most` partitions. Never rejects. */
  async lags(most: number): Promise<readonly GroupLag[] | null> {
    const groups = [...this.#leading.keys()].flatMap((led) => [...this.#machines.get(led)!.state.groups.values()])
    const topics = groups.flatMap((group) => [...group.topics.values()])
    if (topics.reduce((sum, { partitions }) => sum + partitions.size, 0) > most) return null
    const ends = await this.#deps.ends.of(topics.map(({ topicId }) => topicId))
    return groups.flatMap((group) =>
      progressOf(group, ends)
        .filter(({ lag }) => lag >= 0)
        .map(({ topic, partition, lag }) => ({ group: group.id, topic, partition, lag })),
    )
  }

  /**
   * As the coordinator or not at all: a forwarded request is never forwarded again (M39).
   * @throws TailraceError NOT_LEADER, and as ConsumerGroupsApi.ask
   */
  async answer(group: GroupId, request: ConsumerGroupRequest, asker: Asker | null): Promise<ConsumerGroupResult> {
    const leader = this.#deps.groups.get(group)
    if (leader === undefined || !leader.isLeader) throw new TailraceError('NOT_LEADER')
    // Before that the state lacks what a former coordinator has acknowledged.
    await leader.confirmed()
    const coordinator = this.#coordinatorOf(group, leader)
    const machine = this.#machines.get(group)!
    const now = this.#deps.clock.monotonic()
    switch (request.kind) {
      case 'list':
        return { kind: 'listed', groups: await listGroups(machine.state, coordinator.members, this.#deps.ends, now) }
      case 'describe': {
        const found = machine.state.groups.get(request.group)
        if (found === undefined) throw new TailraceError('UNKNOWN_CONSUMER_GROUP', `"${request.group}"`)
        return describeGroup(found, coordinator.members, this.#deps.ends, now)
      }
      default:
        return coordinator.carryOut(request, asker)
    }
  }

  /** This broker may have become the leader of a group, or be it no longer. */
  leadershipChanged(group: GroupId): void {
    const leader = this.#deps.groups.get(group)
    const coordinator = this.#leading.get(group)
    if (coordinator !== undefined && !(leader?.isLeader && leader.term === coordinator.term)) this.#end(group)
    // Members count their sessions from the moment at which the new coordinator begins, asked or not.
    if (leader?.isLeader && this.#machines.has(group)) void this.#begin(group, leader)
  }

  /** A topic is new, or has more partitions; null: which topics have changed is not known. */
  topicsChanged(name: string | null): void {
    for (const coordinator of this.#leading.values()) coordinator.topicsChanged(name)
  }

  /** The rules of who may read what have changed. */
  rightsChanged(): void {
    for (const coordinator of this.#leading.values()) coordinator.rightsChanged()
  }

  topicDeleted({ id, name }: KnownTopic): void {
    this.#deleted.add(id)
    this.#expireLater()
    this.topicsChanged(name)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    this.#expiryTimer?.cancel()
    for (const group of [...this.#leading.keys()]) this.#end(group)
    for (const machine of this.#machines.values()) await machine.close()
  }

  async #begin(group: GroupId, leader: Group): Promise<void> {
    try {
      await leader.confirmed()
      this.#coordinatorOf(group, leader)
    } catch (error) {
      this.#deps.logger.info({ group, err: error }, 'this broker is not the coordinator yet')
    }
  }

  /** @throws TailraceError NOT_LEADER, NEWER_FORMAT */
  #coordinatorOf(group: GroupId, leader: Group): Coordinator {
    const machine = this.#machines.get(group)
    if (this.#closed || machine === undefined || !leader.isLeader) throw new TailraceError('NOT_LEADER')
    if (machine.unreadable !== null) throw machine.unreadable
    const { term } = leader
    const known = this.#leading.get(group)
    if (known?.term === term) return known
    this.#end(group)
    const { state } = machine
    const coordinator = new Coordinator({
      ...this.#deps,
      leader,
      term,
      state,
      counts: this.#counts,
      deleted: this.#deleted,
    })
    this.#leading.set(group, coordinator)
    this.#tickLater()
    this.#expireLater()
    return coordinator
  }

  #end(group: GroupId): void {
    const coordinator = this.#leading.get(group)
    this.#leading.delete(group)
    coordinator?.end(new TailraceError('NOT_LEADER'))
  }

  #tickLater(): void {
    if (this.#timer !== null || this.#closed) return
    if (![...this.#leading.values()].some((coordinator) => coordinator.mustTick)) return
    this.#timer = this.#deps.clock.after(TICK_MS, () => {
      this.#timer = null
      for (const coordinator of this.#leading.values()) coordinator.tick()
      this.#tickLater()
    })
  }

  #expireLater(): void {
    if (this.#expiryTimer !== null || this.#closed || this.#leading.size === 0) return
    const { expirationMs, clock } = this.#deps
    if (expirationMs === 0 && this.#deleted.size === 0) return
    const soonMs = Math.max(LEAST_EXPIRY_MS, Math.ceil(expirationMs / LOOKS_PER_EXPIRATION))
    const everyMs = expirationMs === 0 ? EXPIRY_MS : Math.min(EXPIRY_MS, soonMs)
    this.#expiryTimer = clock.after(everyMs, () => {
      this.#expiryTimer = null
      for (const coordinator of this.#leading.values()) coordinator.expire()
      this.#expireLater()
    })
  }
}

function prefixOf(group: GroupId): string {
  return `consumer-groups/${String(group).padStart(10, '0')}/`
}
