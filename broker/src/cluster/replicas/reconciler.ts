import type { BrokerId, GroupId, PartitionNumber, ProducerId } from '@tailrace/schemas'
import { backoffMs, METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { Groups, StateMachine } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { FENCES, levelRefusal } from '../metadata/feature-levels.ts'
import type { MetadataState, Topic, TopicPlace } from '../metadata/metadata-state.ts'
import { placeOf } from '../metadata/partition-replicas.ts'
import { OpeningPace } from './opening-pace.ts'
import { type BatchLimits, hasStateMachine, settingsOf, settingsOfMachine, specOf } from './replica-spec.ts'

const RETRIES = { firstMs: 200, maxMs: 10_000 }
/**
 * A new group's preferred leader opens it this much later than the others: it asks for their votes at once, and a
 * broker that has not opened the group by then cannot give one, which would cost a whole election timeout.
 */
const PREFERRED_DELAY_MS = 20
/** Replicas being opened or removed at one time, so that a topic of many partitions does not hold up other work. */
const MAX_BUSY = 16

/** Begun in one turn: a replica takes some 0.2 ms to open, and requests wait meanwhile. */
const MAX_A_TURN = 128

/** A group to be looked at: the replica of this broker, and the wanted state in the metadata. */
interface Task {
  readonly group: GroupId
  /**
   * The topic was created just now, so its first replica campaigns at once; after a restart the leader may be another
   * one.
   */
  readonly created: boolean
  /** Its turn comes a little later than its place says: PREFERRED_DELAY_MS. */
  hesitates: boolean
  failures: number
}

/** The state machines of consumer groups and of durable streams. */
export interface ReplicaMachines {
  /** `isBlank`: the replica has no log here, so what a former one has stored is forgotten. */
  machineOf(topic: string, group: GroupId, isBlank: boolean): Promise<StateMachine>
  has(group: GroupId): boolean
  /** The replica is off the disk. */
  forget(group: GroupId): Promise<void>
}

export interface ReconcilerDeps {
  readonly brokerId: BrokerId
  readonly groups: Groups
  readonly state: MetadataState
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: BatchLimits
  readonly machines: ReplicaMachines
  /** Resolves when the replica's group goes on without it; rejects when that is not known. */
  readonly confirmGone: (group: GroupId) => Promise<void>
  /** A replica was opened, was removed or has failed. */
  readonly onProgress: () => void
  /** The replica is off the disk. */
  readonly onRemoved: (group: GroupId) => void
}

/**
 * Makes the replicas of this broker those that the metadata wants. Replicas on disk are opened at once. None is created
 * or removed before this broker has caught up with the metadata after its start: the stored metadata may be old, and a
 * replica that was here, was moved away and deleted would be created again, empty, and vote as the former one.
 */
export class Reconciler {
  readonly #deps: ReconcilerDeps
  /** The latest task of each group, until it is done. In order. */
  readonly #tasks = new Map<GroupId, Task>()
  readonly #ready = new Set<Task>()
  /**
   * Tasks whose delay is over. They go before all others: with thousands of groups those that follow would else have
   * campaigned long ago.
   */
  readonly #delayed = new Set<Task>()
  readonly #busy = new Set<GroupId>()
  /** Admission of each open replica. */
  readonly #admissions = new Map<GroupId, number>()
  /** Groups whose log is on this disk, as far as this object has not removed it. */
  readonly #stored = new Set<GroupId>()
  readonly #pace: OpeningPace
  #begunThisTurn = 0
  #caughtUp = false
  #closed = false

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps
    this.#pace = new OpeningPace(deps.groups, deps.clock, () => this.#next())
  }

  /** Replicas that are not yet as wanted. */
  get pending(): number {
    return this.#tasks.size
  }

  /** Opens the replicas on the disk. */
  start(): void {
    for (const group of this.#deps.groups.stored()) {
      if (group === METADATA_GROUP) continue
      this.#stored.add(group)
      if (this.#deps.state.places.has(group)) this.look(group)
    }
  }

  /** This broker knows all decisions from before its start. */
  caughtUp(): void {
    if (this.#caughtUp) return
    this.#caughtUp = true
    const { state, brokerId } = this.#deps
    for (const [group, { topic, partition }] of state.places) {
      if (placeOf(topic.partitions[partition]!, brokerId) !== null) this.look(group)
    }
    for (const group of this.#stored) if (this.#wanted(group) === null) this.look(group)
  }

  /** Any group may have changed. */
  resync(): void {
    const { state } = this.#deps
    for (const group of state.places.keys()) {
      if (this.#stored.has(group) || this.#wanted(group) !== null) this.look(group)
    }
    for (const group of this.#stored) if (!state.places.has(group)) this.look(group)
  }

  /** Whether this broker has a replica of the group, wanted or not. */
  holds(group: GroupId): boolean {
    return this.#stored.has(group)
  }

  /** The partitions from number `first` on are new. */
  created(topic: Topic, first: PartitionNumber = 0): void {
    for (const partition of topic.partitions.slice(first)) {
      if (placeOf(partition, this.#deps.brokerId) !== null) this.look(partition.group, true)
    }
  }

  deleted(topic: Topic): void {
    for (const { group } of topic.partitions) if (this.#concerns(group)) this.look(group)
  }

  altered(topic: Topic): void {
    for (const { group } of topic.partitions) this.#update(group)
  }

  changed({ topic, partition }: TopicPlace): void {
    const { group } = topic.partitions[partition]!
    if (this.#concerns(group) || this.#wanted(group) !== null) this.look(group)
  }

  look(group: GroupId, created = false): void {
    const partition = this.#deps.state.partitionOf(group)
    const hesitates = created && partition!.replicas[0] === this.#deps.brokerId && partition!.replicas.length > 1
    const task = { group, created, hesitates, failures: 0 }
    const former = this.#tasks.get(group)
    if (former !== undefined) {
      this.#ready.delete(former)
      this.#delayed.delete(former)
    }
    this.#tasks.set(group, task)
    this.#enqueue(task, this.#ready)
  }

  close(): void {
    this.#closed = true
  }

  #wanted(group: GroupId): { readonly admission: number } | null {
    const partition = this.#deps.state.partitionOf(group)
    return partition === undefined ? null : placeOf(partition, this.#deps.brokerId)
  }

  #present(group: GroupId): readonly BrokerId[] {
    const partition = this.#deps.state.partitionOf(group)
    return [...new Set([...(partition?.replicas ?? []), ...(partition?.change?.replicas ?? [])])]
  }

  #has(group: GroupId): boolean {
    return this.#stored.has(group) || this.#deps.groups.get(group) !== undefined
  }

  /**
   * A replica is here, or may be here in a moment: a replica that is being opened must be looked at again when its
   * topic is deleted meanwhile.
   */
  #concerns(group: GroupId): boolean {
    return this.#has(group) || this.#tasks.has(group)
  }

  #enqueue(task: Task, queue: Set<Task>): void {
    // A newer look at the group has taken its place.
    if (this.#tasks.get(task.group) !== task) return
    queue.add(task)
    this.#next()
  }

  #next(): void {
    if (this.#closed) return
    this.#begin(this.#delayed)
    this.#begin(this.#ready)
  }

  /**
   * All brokers go through new groups in the same order, so that the replicas of a group are opened at about the same
   * time.
   */
  #begin(queue: Set<Task>): void {
    for (const task of queue) {
      if (this.#busy.size >= MAX_BUSY || this.#begunThisTurn >= MAX_A_TURN) return
      if (this.#busy.has(task.group)) continue
      if (queue === this.#ready && !this.#pace.mayOpen()) return
      queue.delete(task)
      if (task.hesitates) {
        task.hesitates = false
        this.#deps.clock.after(PREFERRED_DELAY_MS, () => this.#enqueue(task, this.#delayed))
        continue
      }
      this.#count()
      void this.#fulfil(task)
    }
  }

  /** The first one of a turn asks for the next turn. */
  #count(): void {
    if (this.#begunThisTurn === 0) {
      this.#deps.clock.soon(() => {
        this.#begunThisTurn = 0
        this.#next()
      })
    }
    this.#begunThisTurn += 1
  }

  async #fulfil(task: Task): Promise<void> {
    const { group } = task
    this.#busy.add(group)
    try {
      await this.#perform(task)
      if (this.#tasks.get(group) === task) this.#tasks.delete(group)
    } catch (error) {
      this.#retryLater(task, error)
    }
    this.#busy.delete(group)
    if (this.#closed) return
    if (this.#caughtUp && this.#tasks.size === 0) this.#deps.groups.allOpened()
    this.#deps.onProgress()
    this.#next()
  }

  async #perform({ group, created }: Task): Promise<void> {
    const { groups } = this.#deps
    const wanted = this.#wanted(group)
    if (wanted === null) return this.#remove(group)
    if (groups.get(group) !== undefined) {
      const admission = this.#admissions.get(group)
      if (admission === wanted.admission) return this.#update(group)
      if (!this.#caughtUp) return
      // It was removed and admitted again: an admitted replica starts empty.
      await this.#remove(group)
    }
    if (!this.#stored.has(group) && !this.#caughtUp) return
    const { brokerId, state, limits, machines } = this.#deps
    const partition = state.partitionOf(group)
    // The wanted state may have changed while the old one was removed; then this group is looked at again.
    const place = partition === undefined ? null : placeOf(partition, brokerId)
    if (place === null) return
    const present = (): readonly BrokerId[] => this.#present(group)
    const isGiven = (id: ProducerId): boolean => state.producers.isGiven(id)
    const fenceRefusal = (): TailraceError | null => levelRefusal('Fencing tokens', FENCES, state.head)
    const topicPlace = state.places.get(group)!
    const isBlank = !this.#stored.has(group)
    const { topic } = topicPlace
    const stateMachine = hasStateMachine(state, topic) ? await machines.machineOf(topic.name, group, isBlank) : null
    const circumstances = { created, limits, present, isGiven, fenceRefusal, stateMachine }
    const opened = await groups.open(specOf(topicPlace, brokerId, place, circumstances))
    this.#stored.add(group)
    this.#admissions.set(group, opened.admission ?? place.admission)
    if (opened.admission !== undefined && opened.admission !== place.admission && this.#caughtUp) this.look(group)
  }

  async #remove(group: GroupId): Promise<void> {
    const { groups, state, brokerId, logger } = this.#deps
    if (!this.#has(group) || !this.#caughtUp) return
    if (state.places.has(group)) await this.#deps.confirmGone(group)
    const isOutcast = state.partitionOf(group)?.outcasts?.includes(brokerId) === true
    await groups.remove(group)
    if (this.#deps.machines.has(group)) await this.#deps.machines.forget(group)
    if (isOutcast)
      logger.warn({ group, reason: 'the members were forced without this broker' }, 'a replica was deleted')
    this.#stored.delete(group)
    this.#admissions.delete(group)
    this.#deps.onRemoved(group)
  }

  #update(group: GroupId): void {
    const { groups, state, brokerId, limits } = this.#deps
    const open = groups.get(group)
    const partition = state.partitionOf(group)
    if (open === undefined || partition === undefined) return
    const { topic } = state.places.get(group)!
    const settings = hasStateMachine(state, topic)
      ? settingsOfMachine(partition, brokerId, limits)
      : settingsOf(topic, partition, brokerId, limits)
    open.update(settings)
  }

  #retryLater(task: Task, error: unknown): void {
    const { logger } = this.#deps
    const fields = { group: task.group, error }
    // A temporary failure, such as a leader that is being elected, is no error unless it stays.
    const passing = error instanceof TailraceError && error.retriable && task.failures < 5
    if (passing) logger.info(fields, 'a replica cannot be brought to its wanted state yet; trying again')
    else logger.error(fields, 'cannot bring a replica to its wanted state; trying again')
    this.#deps.clock.after(backoffMs(RETRIES, task.failures++), () => this.#enqueue(task, this.#ready))
  }
}
