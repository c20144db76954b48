import type { BrokerId, GroupId, Message } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { members } from '../../raft/members/quorum.ts'
import type { NoteName, Peers } from '../peers.ts'
import { ELECTION_TICKS } from '../replica/core-options.ts'
import type { Replica } from '../replica/replica.ts'
import type { PartitionSettings } from '../settings.ts'
import type { Checkpoints } from './checkpoints.ts'
import { ElectionSlots } from './election-slots.ts'
import { HeldHeartbeats } from './held-heartbeats.ts'
import { LeaderLoss } from './leader-loss.ts'
import { Sleepers } from './sleepers.ts'
import { Ticker } from './ticker.ts'

export interface SchedulerDeps {
  readonly brokerId: BrokerId
  readonly peers: Peers
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: PartitionSettings
  readonly replicas: ReadonlyMap<GroupId, Replica>
  readonly checkpoints: Checkpoints
  readonly durableBlock: () => number
}

/**
 * Brokers beat no more often for sleeping groups: heartbeats that are set faster, for a fast failover of groups in use,
 * then cost an idle broker nothing. A broker whose process ends is noticed by its connections in any case.
 */
const LEAST_MS_BETWEEN_BEATS = 240

/**
 * Decides when each replica works: ticks for replicas that are not asleep, beats for all together, and one `drain` at
 * the end of a turn for those that its events gave work. That is what makes batches out of concurrent publishes without
 * waiting for anything. A replica that breaks a rule of its own is stopped here.
 */
export class ReplicaScheduler {
  /** Where replicas send: heartbeats wait here for the beat. */
  readonly beats: HeldHeartbeats
  readonly ticksPerBeat: number
  readonly #ticksPerSleepersBeat: number
  readonly #deps: SchedulerDeps
  readonly #toDrain = new Set<Replica>()
  /** Replicas that are not asleep: only they get ticks. */
  readonly #ticking = new Set<Replica>()
  readonly #sleepers: Sleepers
  readonly #leaderLoss: LeaderLoss
  readonly #elections: ElectionSlots
  readonly #ticker: Ticker
  #ticks = 0
  #drainPending = false

  constructor(deps: SchedulerDeps) {
    this.#deps = deps
    const { brokerId, peers, clock, settings, replicas } = deps
    this.#sleepers = new Sleepers({
      brokerId,
      peers,
      wake: (group) => this.guarded(replicas.get(group), ({ driver }) => driver.wakeUp()),
      reachable: (peer, reachable) => this.#setReachable(peer, reachable),
      durableBlock: deps.durableBlock,
    })
    this.#leaderLoss = new LeaderLoss({
      brokerId,
      sleepers: this.#sleepers,
      ticks: () => this.#ticks,
      awake: () => this.#ticking.size,
    })
    this.#elections = new ElectionSlots(brokerId, this.#sleepers)
    this.beats = new HeldHeartbeats(peers)
    const tickMs = settings.electionTimeoutMs / ELECTION_TICKS
    this.ticksPerBeat = Math.max(1, Math.round(settings.heartbeatMs / tickMs))
    this.#ticksPerSleepersBeat = Math.max(this.ticksPerBeat, Math.round(LEAST_MS_BETWEEN_BEATS / tickMs))
    const stoodStill = (): void => replicas.forEach(({ driver }) => void driver.core.stoodStill())
    this.#ticker = new Ticker(
      clock,
      tickMs,
      () => this.#tick(),
      stoodStill,
      () => this.#stride(),
    )
  }

  /** Replicas that are not asleep. */
  get ticking(): number {
    return this.#ticking.size
  }

  get sleeping(): number {
    return this.#sleepers.size
  }

  isReachable(peer: BrokerId): boolean {
    return this.#sleepers.isReachable(peer)
  }

  add(replica: Replica): void {
    this.#ticker.hurry()
    this.#ticking.add(replica)
  }

  remove(replica: Replica): void {
    this.#toDrain.delete(replica)
    this.#forget(replica)
  }

  /** Feeds all replicas the ticks that are due. */
  catchUp(): void {
    this.#ticker.catchUp()
  }

  /** The replica is drained at the end of the turn. */
  schedule(replica: Replica): void {
    this.#toDrain.add(replica)
    this.noteSleep(replica)
    if (this.#drainPending) return
    this.#drainPending = true
    this.#deps.clock.soon(() => this.#drain())
  }

  /** The replica is drained with the next beat. */
  scheduleAtBeat(replica: Replica): void {
    this.#toDrain.add(replica)
  }

  /** See LeaderLoss. */
  wakeIfLost(replica: Replica): void {
    this.#leaderLoss.wakeIfLost(replica)
  }

  /** Called after every event that may have put a replica to sleep or woken it. */
  noteSleep(replica: Replica): void {
    const { core, asleep } = replica.driver
    if (asleep === this.#sleepers.has(replica.id)) return
    if (!asleep) {
      this.#sleepers.woke(replica.id)
      if (!replica.driver.stopped) this.add(replica)
      return
    }
    this.#ticking.delete(replica)
    const { term, leader } = core
    this.#sleepers.fellAsleep(replica.id, { term, leader, members: members(core.configuration), since: this.#ticks })
  }

  /** The link to a peer went down or came up: messages in flight on it are lost. */
  link(peer: BrokerId, up: boolean): void {
    this.#ticker.hurry()
    this.#sleepers.link(peer, up)
    for (const replica of this.#deps.replicas.values()) {
      if (!members(replica.configuration).includes(peer)) continue
      this.guarded(replica, () => replica.driver.peerUnreachable(peer))
      if (!up && replica.driver.core.leader === peer)
        this.guarded(replica, () => this.#leaderLoss.disconnected(replica))
    }
  }

  told<Name extends NoteName>(from: BrokerId, name: Name, fields: Message<Name>): void {
    this.#sleepers.told(from, name, fields)
  }

  guarded(replica: Replica | undefined, act: (replica: Replica) => void): void {
    if (replica === undefined) return
    try {
      act(replica)
    } catch (error) {
      this.stopBroken(replica, error)
    }
  }

  /** A broken invariant stops this replica, permanently and with a line in the log; the others are not affected. */
  stopBroken(replica: Replica, err: unknown): void {
    this.#deps.logger.error({ group: replica.id, err }, 'the replica has broken a rule of its own and is stopped')
    replica.stop('broken')
    this.#forget(replica)
  }

  close(): void {
    this.#ticker.cancel()
  }

  /** Where all replicas sleep, nobody needs a tick before the next beat. */
  #stride(): number {
    if (this.#ticking.size > 0 || this.#leaderLoss.pending) return 1
    return this.#ticksPerSleepersBeat - (this.#ticks % this.#ticksPerSleepersBeat)
  }

  #tick(): void {
    this.#leaderLoss.tick()
    this.#elections.count(this.#ticking)
    let ticked: Replica
    const mayCampaign = (): boolean => this.#elections.take(ticked)
    for (const replica of this.#ticking) {
      ticked = replica
      this.guarded(replica, (ticking) => ticking.tick(mayCampaign))
      this.noteSleep(replica)
      this.#deps.checkpoints.saveIfDue(replica)
    }
    this.#ticks += 1
    if (this.#ticks % this.ticksPerBeat === 0) {
      this.#drain()
      this.beats.beat()
    }
    if (this.#ticks % this.#ticksPerSleepersBeat === 0) this.#sleepers.beat()
  }

  #drain(): void {
    this.#drainPending = false
    const drained = [...this.#toDrain]
    this.#toDrain.clear()
    for (const replica of drained) this.guarded(replica, ({ driver }) => driver.drain())
  }

  #setReachable(peer: BrokerId, reachable: boolean): void {
    for (const replica of this.#deps.replicas.values()) {
      const { core } = replica.driver
      // Also a broker that is no member: it may become one again.
      this.guarded(replica, () => replica.driver.setReachable(peer, reachable))
      if (!reachable && core.leader === peer && replica.driver.asleep) this.#leaderLoss.add(replica)
    }
  }

  #forget(replica: Replica): void {
    this.#ticking.delete(replica)
    this.#sleepers.woke(replica.id)
  }
}
