import type { BrokerId, Message } from '@tailrace/schemas'
import { isFirst } from '../../../broker/src/partition/broker/leader-loss.ts'
import { Sleepers } from '../../../broker/src/partition/broker/sleepers.ts'
import type { NoteName } from '../../../broker/src/partition/peers.ts'
import type { CheckedRaftCore } from '../../../broker/src/raft/group.ts'
import { members } from '../../../broker/src/raft/members/quorum.ts'

/** The only group of the simulated brokers. */
const GROUP = 1

/** The messages of one broker to another about all groups that they share: here about the one. */
export interface NodeNote {
  readonly from: BrokerId
  readonly to: BrokerId
  readonly name: NoteName
  readonly fields: Message<NoteName>
}

/** A running broker, whose core may sleep. */
export interface Watched {
  readonly id: BrokerId
  readonly core: CheckedRaftCore | null
  /** Carries out the Readies of the core. */
  drain(): void
}

/**
 * The work of a broker for its sleeping replicas (M86), with the watch that the product keeps
 * (partition/broker/sleepers.ts): it counts the broker's ticks, beats, and tells the core which brokers are gone and
 * which are back. Lives as long as the process.
 */
export class NodeWatch {
  readonly #broker: Watched
  readonly #sleepers: Sleepers
  readonly #peers: readonly BrokerId[]
  readonly #ticksPerBeat: number
  readonly #fellAsleep: () => void
  #ticks = 0

  constructor(
    broker: Watched,
    peers: readonly BrokerId[],
    ticksPerBeat: number,
    tell: (note: NodeNote) => void,
    fellAsleep: () => void,
  ) {
    this.#broker = broker
    this.#peers = peers
    this.#ticksPerBeat = ticksPerBeat
    this.#fellAsleep = fellAsleep
    this.#sleepers = new Sleepers({
      brokerId: broker.id,
      peers: { tell: (to, name, fields) => tell({ from: broker.id, to, name, fields }) },
      durableBlock: () => 0,
      wake: () => this.#wake(),
      reachable: (peer, reachable) => this.#setReachable(peer, reachable),
    })
  }

  /** The process has started, and connects to all brokers. The beats will tell which of them are alive. */
  begin(): void {
    for (const peer of this.#peers) this.#broker.core!.setReachable(peer, false)
    for (const peer of this.#peers) this.#sleepers.link(peer, true)
  }

  tick(): void {
    this.#ticks++
    if (this.#ticks % this.#ticksPerBeat === 0) this.#sleepers.beat()
  }

  told({ from, name, fields }: NodeNote): void {
    this.#sleepers.told(from, name, fields)
  }

  /** The connection broke, and was made again. */
  relink(peer: BrokerId): void {
    this.#sleepers.link(peer, false)
    const { core } = this.#broker
    if (core!.leader === peer && !core!.asleep) core!.leaderLost(0, this.#isFirst())
    this.#sleepers.link(peer, true)
  }

  /** Called after every event that may have put the replica to sleep, or woken it. */
  noteSleep(): void {
    const { asleep, term, leader, configuration } = this.#broker.core!
    if (asleep === this.#sleepers.has(GROUP)) return
    if (!asleep) {
      this.#sleepers.woke(GROUP)
      return
    }
    this.#sleepers.fellAsleep(GROUP, { term, leader, members: members(configuration), since: this.#ticks })
    this.#fellAsleep()
  }

  #wake(): void {
    this.#broker.core!.wake()
    this.#broker.drain()
  }

  #setReachable(peer: BrokerId, reachable: boolean): void {
    const { core } = this.#broker
    core!.setReachable(peer, reachable)
    const since = this.#sleepers.asleepSince(GROUP)
    if (!reachable && core!.leader === peer && since !== undefined) {
      core!.leaderLost(this.#ticks - since, this.#isFirst())
    }
    this.#broker.drain()
  }

  #isFirst(): boolean {
    const { id, core } = this.#broker
    return isFirst(id, GROUP, core!.configuration.voters, this.#sleepers)
  }
}
