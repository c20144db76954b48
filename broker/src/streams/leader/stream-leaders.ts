import type { GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StreamAnswer, StreamRequest, StreamsApi } from '../../api/streams-api.ts'
import type { StateStore } from '../../log/log-storage.ts'
import type { Group, Groups } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { StreamsMachine } from '../state/streams-machine.ts'
import { removeStreams, StreamsStore } from '../state/streams-store.ts'
import type { SubscriptionSurroundings } from '../subscriptions/desk.ts'
import { noSubscriptionCounts } from '../subscriptions/subscription-counts.ts'
import { noCounts } from './stream-counts.ts'
import { StreamLeader } from './stream-leader.ts'
import type { StreamFigures } from './stream-metrics.ts'

export interface StreamLeadersDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly store: StateStore
  /** Asks the leader of any stream, for this broker itself. */
  readonly ask: StreamsApi['ask']
  readonly subscriptions: SubscriptionSurroundings
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The replicas of partitions of durable streams that this broker has, each with its state machine; and the leaders that
 * it is: of each partition that it leads, in the term in which it leads it.
 */
export class StreamLeaders {
  readonly #deps: StreamLeadersDeps
  readonly #counts = noCounts()
  readonly #subscriptionCounts = noSubscriptionCounts()
  readonly #machines = new Map<GroupId, StreamsMachine>()
  readonly #leading = new Map<GroupId, StreamLeader>()
  #isClosed = false

  constructor(deps: StreamLeadersDeps) {
    this.#deps = deps
  }

  /**
   * The state machine for the replica of a partition, as far as it is stored.
   * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
   */
  async machineOf(group: GroupId, isBlank: boolean): Promise<StreamsMachine> {
    const { store, clock, logger } = this.#deps
    await this.#machines.get(group)?.close()
    if (isBlank) await removeStreams(store, prefixOf(group))
    const machine = new StreamsMachine({
      store: new StreamsStore({ store, clock, logger }, prefixOf(group)),
      unwrittenBytes: this.#unwrittenBytes,
      clock,
      logger,
      onApplied: ({ term }) => {
        const leader = this.#leading.get(group)
        if (leader?.term === term) leader.applied()
      },
      onReplaced: () => this.#end(group),
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
    await removeStreams(this.#deps.store, prefixOf(group))
  }

  /** Of the streams that this broker leads. */
  figures(): StreamFigures {
    let [cached, waiting, subscriptions] = [0, 0, 0]
    for (const leader of this.#leading.values()) {
      cached += leader.cached
      waiting += leader.waiting
      subscriptions += leader.subscriptions
    }
    const unwrittenBytes = this.#unwrittenBytes()
    const counted = { counts: this.#counts, subscriptionCounts: this.#subscriptionCounts }
    return { ...counted, cached, waiting, subscriptions, unwrittenBytes }
  }

  /**
   * As the leader or not at all: a forwarded request is never forwarded again (M39).
   * @throws TailraceError NOT_LEADER, and as StreamsApi.ask
   */
  async answer(group: GroupId, request: StreamRequest, body: Uint8Array): Promise<StreamAnswer> {
    const leader = this.#deps.groups.get(group)
    if (leader === undefined || !leader.isLeader) throw new TailraceError('NOT_LEADER')
    // Before that the state lacks what a former leader has acknowledged.
    await leader.confirmed()
    return this.#leaderOf(group, leader).answer(request, body)
  }

  /** This broker may have become the leader of a group, or be it no longer. */
  leadershipChanged(group: GroupId): void {
    const leader = this.#deps.groups.get(group)
    const known = this.#leading.get(group)
    if (known !== undefined && !(leader?.isLeader && leader.term === known.term)) this.#end(group)
    // Streams run out, asked for or not.
    if (leader?.isLeader && this.#machines.has(group)) void this.#begin(group, leader)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const group of [...this.#leading.keys()]) this.#end(group)
    for (const machine of this.#machines.values()) await machine.close()
  }

  async #begin(group: GroupId, leader: Group): Promise<void> {
    try {
      await leader.confirmed()
      this.#leaderOf(group, leader)
    } catch (error) {
      this.#deps.logger.info({ group, err: error }, 'this broker does not lead its durable streams yet')
    }
  }

  /** @throws TailraceError NOT_LEADER, NEWER_FORMAT */
  #leaderOf(group: GroupId, leader: Group): StreamLeader {
    const machine = this.#machines.get(group)
    if (this.#isClosed || machine === undefined || !leader.isLeader) throw new TailraceError('NOT_LEADER')
    if (machine.unreadable !== null) throw machine.unreadable
    const { term } = leader
    const known = this.#leading.get(group)
    if (known?.term === term) return known
    this.#end(group)
    const begun = new StreamLeader({
      ...this.#deps,
      leader,
      term,
      store: machine.store,
      unwrittenBytes: this.#unwrittenBytes,
      counts: this.#counts,
      subscriptionCounts: this.#subscriptionCounts,
    })
    this.#leading.set(group, begun)
    return begun
  }

  /** See StreamsMachineDeps.unwrittenBytes. Asked for with each append: a broker has at most 16 of these replicas. */
  readonly #unwrittenBytes = (): number => {
    let bytes = 0
    for (const { store } of this.#machines.values()) bytes += store.waitingBytes
    return bytes
  }

  #end(group: GroupId): void {
    const leader = this.#leading.get(group)
    this.#leading.delete(group)
    leader?.end(new TailraceError('NOT_LEADER'))
  }
}

function prefixOf(group: GroupId): string {
  return `streams/${String(group).padStart(10, '0')}/`
}
