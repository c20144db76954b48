import type { GroupId } from '@tailrace/schemas'
import type { StreamAnswer, StreamRequest, StreamsApi } from '../../api/streams-api.ts'
import type { StateStore } from '../../log/log-storage.ts'
import type { Group, Groups } from '../../partition/group.ts'
import { LedGroups } from '../../partition/led-groups.ts'
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
  readonly #led: LedGroups<StreamsMachine, StreamLeader>

  constructor(deps: StreamLeadersDeps) {
    this.#deps = deps
    this.#led = new LedGroups({
      ...deps,
      begin: (leader, machine) => this.#leaderFor(leader, machine),
      cannotBegin: 'this broker does not lead its durable streams yet',
    })
  }

  /**
   * The state machine for the replica of a partition, as far as it is stored.
   * @throws TailraceError STORAGE_CORRUPT, NEWER_FORMAT
   */
  async machineOf(group: GroupId, isBlank: boolean): Promise<StreamsMachine> {
    const { store, clock, logger } = this.#deps
    return this.#led.open(group, async () => {
      if (isBlank) await removeStreams(store, prefixOf(group))
      const machine = new StreamsMachine({
        store: new StreamsStore({ store, clock, logger }, prefixOf(group)),
        unwrittenBytes: this.#unwrittenBytes,
        clock,
        logger,
        onApplied: ({ term }) => this.#led.inTerm(group, term)?.applied(),
        onReplaced: () => this.#led.end(group),
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
    await removeStreams(this.#deps.store, prefixOf(group))
  }

  /** Of the streams that this broker leads. */
  figures(): StreamFigures {
    let [cached, waiting, subscriptions] = [0, 0, 0]
    for (const leader of this.#led.leading.values()) {
      cached += leader.cached
      waiting += leader.waiting
      subscriptions += leader.subscriptions
    }
    const unwrittenBytes = this.#unwrittenBytes()
    const counted = { counts: this.#counts, subscriptionCounts: this.#subscriptionCounts }
    return { ...counted, cached, waiting, subscriptions, unwrittenBytes }
  }

  /** @throws TailraceError NOT_LEADER, NEWER_FORMAT, and as StreamsApi.ask */
  async answer(group: GroupId, request: StreamRequest, body: Uint8Array): Promise<StreamAnswer> {
    return (await this.#led.leaderOf(group)).answer(request, body)
  }

  /** This broker may have become the leader of a group, or be it no longer. */
  leadershipChanged(group: GroupId): void {
    this.#led.leadershipChanged(group)
  }

  close(): Promise<void> {
    return this.#led.close()
  }

  #leaderFor(leader: Group, { store }: StreamsMachine): StreamLeader {
    return new StreamLeader({
      ...this.#deps,
      leader,
      term: leader.term,
      store,
      unwrittenBytes: this.#unwrittenBytes,
      counts: this.#counts,
      subscriptionCounts: this.#subscriptionCounts,
    })
  }

  /** See StreamsMachineDeps.unwrittenBytes. Asked for with each append: a broker has at most 16 of these replicas. */
  readonly #unwrittenBytes = (): number => {
    let bytes = 0
    for (const { store } of this.#led.machines.values()) bytes += store.waitingBytes
    return bytes
  }
}

function prefixOf(group: GroupId): string {
  return `streams/${String(group).padStart(10, '0')}/`
}
