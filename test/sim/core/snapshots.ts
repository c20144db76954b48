import type { BrokerId } from '@tailrace/schemas'
import type { InstallRequest } from '../../../broker/src/raft/ready.ts'
import type { EventQueue } from '../../../testing/src/simulation/event-queue.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'
import { EventKind, type Note } from './event-kind.ts'
import type { SimBroker } from './sim-broker.ts'
import type { LogCopy } from './sim-disk.ts'
import type { SwarmOptions } from './swarm-options.ts'

/** The services that the transfer of states needs of the world. */
interface Scene {
  readonly brokers: readonly SimBroker[]
  readonly queue: EventQueue
  readonly isCalm: boolean
  installs: number
  crash(broker: SimBroker): void
}

/** Cuts logs, offers states, and transfers a state from one broker's disk to another's. */
export class Snapshots {
  readonly #options: SwarmOptions
  readonly #random: SimRandom
  readonly #world: Scene
  readonly #offersUncommitted: boolean
  readonly #note: Note

  constructor(options: SwarmOptions, random: SimRandom, world: Scene, offersUncommitted: boolean, note: Note) {
    this.#options = options
    this.#random = random
    this.#world = world
    this.#offersUncommitted = offersUncommitted
    this.#note = note
  }

  /**
   * The leader's own state, or that of any replica that has it (M84): up to its last committed entry, or an earlier
   * one.
   */
  startOffer(broker: SimBroker, to: BrokerId): void {
    const { core } = broker
    this.#world.queue.after(this.#random.between(50, 5_000), () => {
      if (broker.core !== core || !broker.isLeader) return
      const last = this.#offersUncommitted ? broker.log.length : broker.commitIndex
      const lastIndex = this.#random.chance(0.5) ? last : this.#random.between(broker.prevIndex, last)
      if (lastIndex === 0) return
      const source = this.#random.chance(0.5) ? broker : this.#random.pick(this.#world.brokers)
      this.#note(
        EventKind.Offer,
        broker.id,
        to * 16 + source.id,
        lastIndex,
        () => `broker ${broker.id} offers ${to} the state up to ${lastIndex} of broker ${source.id}`,
      )
      broker.offer(to, lastIndex, source.id)
    })
  }

  startInstall(broker: SimBroker, request: InstallRequest): void {
    const { core } = broker
    const { lastIndex } = request
    this.#world.queue.after(this.#random.between(200, this.#options.fetchFor + 200), () => {
      if (broker.core !== core) return
      const entries = this.#world.brokers[request.source - 1]!.copy(request)
      const fails = entries === null || (!this.#world.isCalm && this.#random.chance(this.#options.readFailure))
      this.#note(
        EventKind.Install,
        broker.id,
        lastIndex,
        Number(fails),
        () => `broker ${broker.id} ${fails ? 'fails to fetch' : 'has fetched'} the state up to ${lastIndex}`,
      )
      if (fails) broker.installFailed()
      // The state alone, as for a group whose entries are all in it, or with a part of the log.
      else
        this.#install(broker, {
          entries,
          prevIndex: this.#random.pick([lastIndex, this.#world.brokers[request.source - 1]!.prevIndex]),
        })
    })
  }

  /**
   * Once all earlier writes are durable, the new state takes the place of the old one; a crash meanwhile leaves either.
   */
  #install(broker: SimBroker, copy: LogCopy): void {
    const { core } = broker
    const [least, most] = this.#options.syncs[broker.id - 1]!
    this.#world.queue.after(this.#random.between(least, most), () => {
      if (broker.core !== core) return
      if (broker.staged === null) {
        if (broker.disk.lastPending === 0) broker.staged = copy
        // The moment that M49 is about is short: without help hardly any crash would happen in it.
        if (broker.staged !== null && this.#mayCrash()) {
          this.#world.crash(broker)
          return
        }
        this.#install(broker, copy)
        return
      }
      this.#note(EventKind.Install, broker.id, copy.entries.length, 2, () => `broker ${broker.id} has installed it`)
      broker.finishInstall()
      this.#world.installs++
    })
  }

  #mayCrash(): boolean {
    return !this.#world.isCalm && this.#options.crashEvery > 0 && this.#random.chance(0.2)
  }

  compact(broker: SimBroker): void {
    const { core } = broker
    if (core === null || broker.staged !== null) return
    const last = Math.min(core.commitIndex, core.durableIndex)
    if (last <= broker.prevIndex) return
    const prevIndex = this.#random.chance(0.3) ? last : this.#random.between(broker.prevIndex + 1, last)
    this.#note(EventKind.Compact, broker.id, prevIndex, 0, () => `broker ${broker.id} cuts its log up to ${prevIndex}`)
    broker.compact(prevIndex)
  }

  offerUnasked(): void {
    const leaders = this.#world.brokers.filter((broker) => broker.isLeader)
    if (leaders.length === 0) return
    const leader = this.#random.pick(leaders)
    this.startOffer(leader, this.#random.pick(this.#world.brokers.filter((broker) => broker !== leader)).id)
  }
}
