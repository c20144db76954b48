import type { BrokerId, GroupId, Message, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { LogStorage, StateStore } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { RaftOptions, RaftStart } from '../../raft/config.ts'
import type { RaftCore } from '../../raft/core.ts'
import { createRaft } from '../../raft/group.ts'
import { isAlone, members } from '../../raft/members/quorum.ts'
import { isOfLeader, type RaftMessage } from '../../raft/messages.ts'
import { CopySource } from '../copies/copy-source.ts'
import { CopyThrottle } from '../copies/copy-throttle.ts'
import { WorkSlots } from '../copies/work-slots.ts'
import type { Group, GroupSpec, Groups } from '../group.ts'
import { noPartitionMetrics, type PartitionMetrics } from '../metrics.ts'
import type { GroupRequestName, GroupRequests, NoteName, PeerAnswer, Peers } from '../peers.ts'
import { coreOptions, ELECTION_TICKS } from '../replica/core-options.ts'
import { recoverReplica } from '../replica/recovery.ts'
import { Replica } from '../replica/replica.ts'
import type { ReplicaServices } from '../replica/replica-services.ts'
import { CheckpointSchedule, checkpointOf, dropCheckpoint, saveCheckpoint } from '../replica/state/checkpoint.ts'
import { isTooMuchForFollowers } from '../replica/state/disk-wait.ts'
import { dropInstallRecord } from '../replica/state/install-record.ts'
import { TermWatch } from '../replica/state/term-watch.ts'
import { TokenSeal } from '../replica/state/token-seal.ts'
import type { PartitionSettings } from '../settings.ts'
import { Admissions } from './admission-record.ts'
import { GroupAnswers } from './group-answers.ts'
import { HeldHeartbeats } from './held-heartbeats.ts'
import { LeaderLoss } from './leader-loss.ts'
import { handOverLeaderships } from './leadership-handover.ts'
import { Scrubber } from './scrubber.ts'
import { Sleepers } from './sleepers.ts'
import { Ticker } from './ticker.ts'

export interface GroupsDeps {
  readonly brokerId: BrokerId
  readonly storage: LogStorage
  readonly store: StateStore
  readonly peers: Peers
  readonly clock: Clock
  readonly random: Random
  readonly crc32c: Crc32c
  readonly logger: Logger
  readonly settings: PartitionSettings
  /** Makes a group's consensus core in the place of `createRaft`: for a simulator that watches it, or switches a mechanism off. */
  readonly createCore?: CreateCore
}

export type CreateCore = (options: RaftOptions, start: RaftStart, group: GroupId) => RaftCore

/** What a replica is that the disk may have lost without a trace. */
const forgotten = { fromIndex: 1, reason: 'the journal has lost what it may have said of this group' }
/** Election timeouts that a shutdown takes at most to hand its leaderships on; it is done when the last one has gone. */
const HAND_ON_TIMEOUTS = 3

/**
 * All replicas of this broker behind one ticker, one journal and one link per peer. Work that a turn's events cause in a group is done
 * once, at the end of the turn: that is what makes batches out of concurrent publishes without waiting for anything.
 */
export class BrokerGroups implements Groups, GroupRequests {
  onLeadership: Groups['onLeadership'] = () => {}
  readonly metrics: PartitionMetrics = noPartitionMetrics()
  readonly #deps: GroupsDeps
  readonly #services: ReplicaServices
  readonly #answers: GroupAnswers
  readonly #replicas = new Map<GroupId, Replica>()
  readonly #awake = new Set<Replica>()
  /** Replicas that are not asleep: only they get ticks. */
  readonly #ticking = new Set<Replica>()
  readonly #sleepers: Sleepers
  readonly #lostLeaders: LeaderLoss
  readonly #opening = new Map<GroupId, Promise<Group>>()
  readonly #ticker: Ticker
  readonly #admissions: Admissions
  readonly #beats: HeldHeartbeats
  readonly #ticksPerBeat: number
  readonly #scrubber: Scrubber
  readonly #scrubTimer: TimerHandle
  readonly #upkeepTimer: TimerHandle
  #ticks = 0
  #drainPending = false
  #closed = false

  constructor(deps: GroupsDeps) {
    this.#deps = deps
    const { clock, crc32c, settings } = deps
    const { metrics } = this
    const { copyIdleMs, copyChunkBytes: maxChunkBytes } = settings
    const source = new CopySource({ clock, crc32c, metrics, copyIdleMs, maxChunkBytes })
    const throttle = new CopyThrottle(clock, settings.replicationBytesPerSecond)
    const turns = new WorkSlots(settings.maxInstallations)
    const terms = new TermWatch(metrics, deps.logger)
    this.#services = { ...deps, ...{ source, throttle, turns, metrics, terms }, seal: new TokenSeal() }
    this.#answers = new GroupAnswers(source, (group) => this.#replicas.get(group))
    deps.storage.onDurable = (group, ticket) => {
      const replica = this.#replicas.get(group)
      if (replica !== undefined) this.#guarded(replica, () => replica.driver.durable(ticket))
    }
    this.#sleepers = new Sleepers({
      brokerId: deps.brokerId,
      peers: deps.peers,
      wake: (group) => this.#guarded(this.#replicas.get(group), ({ driver }) => driver.wakeUp()),
      reachable: (peer, reachable) => this.#setReachable(peer, reachable),
      durableBlock: () => deps.storage.durableBlock,
    })
    this.#lostLeaders = new LeaderLoss({
      brokerId: deps.brokerId,
      sleepers: this.#sleepers,
      ticks: () => this.#ticks,
      awake: () => this.#ticking.size,
    })
    this.#admissions = new Admissions(deps.store)
    this.#beats = new HeldHeartbeats(deps.peers)
    const tickMs = settings.electionTimeoutMs / ELECTION_TICKS
    this.#ticksPerBeat = Math.max(1, Math.round(settings.heartbeatMs / tickMs))
    this.#scrubber = new Scrubber(deps.logger)
    this.#scrubTimer = clock.every(settings.scrubMs, () => this.#scrub())
    // Sleeping replicas have no ticks, but grow older.
    const upkeep = (): void => this.#replicas.forEach((replica) => void replica.upkeep())
    this.#upkeepTimer = clock.every(settings.retentionCheckMs, upkeep)
    const stoodStill = (): void => this.#replicas.forEach(({ driver }) => void driver.core.stoodStill())
    this.#ticker = new Ticker(clock, tickMs, () => this.#tick(), stoodStill)
  }

  open(spec: GroupSpec): Promise<Group> {
    if (this.#closed) return Promise.reject(new TailraceError('SHUTTING_DOWN'))
    const open = this.#replicas.get(spec.group)
    if (open !== undefined) return Promise.resolve(open)
    const known = this.#opening.get(spec.group)
    if (known !== undefined) return known
    const opening = this.#open(spec).finally(() => this.#opening.delete(spec.group))
    this.#opening.set(spec.group, opening)
    return opening
  }

  get(id: GroupId): Group | undefined {
    return this.#replicas.get(id)
  }

  all(): Iterable<Group> {
    return this.#replicas.values()
  }

  *stored(): Iterable<GroupId> {
    for (const log of this.#deps.storage.groups()) yield log.group
  }

  get recoveredBlock(): number {
    return this.#deps.storage.recoveredBlock
  }

  allOpened(): void {
    this.#deps.storage.nothingForgotten()
  }

  distrustDisk(reason: string): Promise<boolean> {
    for (const replica of this.#replicas.values()) this.#guarded(replica, () => replica.driver.distrust(reason))
    return this.#deps.storage.distrust(reason)
  }

  sealTokens(secret: Uint8Array): void {
    this.#services.seal.useSecret(secret)
  }

  async remove(id: GroupId): Promise<void> {
    await this.#opening.get(id)?.catch(() => undefined)
    const replica = this.#replicas.get(id)
    this.#replicas.delete(id)
    if (replica !== undefined) {
      this.#awake.delete(replica)
      this.#forget(replica)
      replica.stop('removed')
    }
    this.#services.source.forget(id)
    await this.#deps.storage.remove(id)
    await dropCheckpoint(this.#deps.store, id)
    await dropInstallRecord(this.#deps.store, id)
    await this.#admissions.drop(id)
  }

  /** A Raft message from a peer. For a group that is not open here it is dropped: Raft sends again. */
  receive(group: GroupId, message: RaftMessage, payloads: readonly Uint8Array[]): void {
    if (isOfLeader(message)) this.#ticker.catchUp()
    const replica = this.#replicas.get(group)
    if (replica === undefined) return
    this.#guarded(replica, () => {
      if (replica.driver.asleep && message.type === 'vote') this.#lostLeaders.wakeIfLost(replica)
      replica.driver.receive(message, payloads)
      this.#noteSleep(replica)
    })
  }

  /** Entries of the group are larger than this broker takes. */
  tooLarge(from: BrokerId, group: GroupId, frameBytes: number): void {
    this.#guarded(this.#replicas.get(group), (replica) => replica.tooLarge(from, frameBytes))
  }

  get awake(): number {
    return this.#ticking.size
  }

  get sleeping(): number {
    return this.#sleepers.size
  }

  /** Of installations: so many at one time. */
  get turns(): WorkSlots {
    return this.#services.turns
  }

  /** Copies of replicas that are kept open for others. */
  get openCopies(): number {
    return this.#services.source.open
  }

  /** What another broker's replica asks of this one's. */
  answer<Name extends GroupRequestName>(from: BrokerId, name: Name, fields: Message<Name>): Promise<PeerAnswer<Name>> {
    return this.#answers.answer(from, name, fields)
  }

  /** The link to a peer went down or came up: what was in flight on it is lost. */
  link(peer: BrokerId, up: boolean): void {
    this.#sleepers.link(peer, up)
    for (const replica of this.#replicas.values()) {
      if (!members(replica.configuration).includes(peer)) continue
      this.#guarded(replica, () => replica.driver.peerUnreachable(peer))
    }
  }

  /** What a peer says of all groups that it shares with this broker. */
  told<Name extends NoteName>(from: BrokerId, name: Name, fields: Message<Name>): void {
    this.#sleepers.told(from, name, fields)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.allSettled(this.#opening.values())
    const { clock, settings } = this.#deps
    await handOverLeaderships([...this.#replicas.values()], clock, HAND_ON_TIMEOUTS * settings.electionTimeoutMs)
    this.#ticker.cancel()
    this.#scrubTimer.cancel()
    this.#upkeepTimer.cancel()
    this.#services.source.close()
    for (const replica of this.#replicas.values()) {
      const { state, core, stopped } = replica.driver
      const installing = replica.incomplete
      replica.stop('closing')
      if (stopped || installing || !replica.schedule.changed(state) || state.commitIndex > core.durableIndex) continue
      await this.#checkpoint(replica)
    }
  }

  async #open(wanted: GroupSpec): Promise<Group> {
    const { storage, store, settings, brokerId, random, clock, logger, crc32c } = this.#deps
    const stored = storage.group(wanted.group)
    const isForgotten = storage.mayHaveForgotten && wanted.isNew !== true
    const log = stored ?? storage.create(wanted.group, isForgotten ? forgotten : undefined)
    const { raft, state, producersUnknown } = await recoverReplica(log, wanted, {
      ...{ store, crc32c, created: stored === undefined },
      producerCapacity: settings.producerCapacity,
    })
    const admission = await this.#admissions.of(wanted.group, brokerId, {
      stored: stored !== undefined,
      wanted: wanted.admission ?? 0,
      configurations: raft.configurations,
    })
    const spec: GroupSpec = { ...wanted, admission }
    const createCore: CreateCore = this.#deps.createCore ?? createRaft
    const core = createCore(
      coreOptions({ brokerId, spec, settings, random, heartbeatTicks: this.#ticksPerBeat }),
      raft,
      spec.group,
    )
    log.essential = spec.stateMachine !== null
    const replica: Replica = new Replica({
      ...{ spec, core, log, state, producersUnknown, clock, logger },
      group: spec.group,
      present: spec.present,
      services: this.#services,
      peers: this.#beats,
      schedule: new CheckpointSchedule(settings.checkpointBytes, state),
      inSyncTicks: ELECTION_TICKS,
      // After the turn at hand: a core is at work in it.
      distrustDisk: (reason) => clock.soon(() => void this.distrustDisk(reason)),
      catchUp: () => this.#ticker.catchUp(),
      takesRecords: () => spec.stateMachine !== null || !(storage.cramped || isTooMuchForFollowers(this.#services)),
      wake: () => this.#wake(replica),
      broken: (error) => this.#stopBroken(replica, error),
      wakeAtBeat: () => this.#awake.add(replica),
      onLeadership: (group: GroupId, term: Term, leader: BrokerId) => this.onLeadership(group, term, leader),
    })
    if (this.#closed) throw new TailraceError('SHUTTING_DOWN')
    this.#replicas.set(spec.group, replica)
    this.#ticking.add(replica)
    for (const member of members(core.configuration)) {
      if (member !== brokerId && !this.#sleepers.isReachable(member)) core.setReachable(member, false)
    }
    // A replica that was here before has voted before: it waits its time like everybody.
    const isNew = raft.hardState.term === 0
    if (((spec.preferred && isNew) || isAlone(core.configuration, brokerId)) && log.damage === null) core.campaign()
    this.#wake(replica)
    return replica
  }

  #tick(): void {
    this.#lostLeaders.tick()
    for (const replica of this.#ticking) {
      this.#guarded(replica, (ticking) => ticking.tick())
      this.#noteSleep(replica)
      const { state, core, stopped } = replica.driver
      if (!stopped && !replica.incomplete && replica.schedule.due(state, core.durableIndex))
        void this.#checkpoint(replica)
    }
    this.#ticks += 1
    if (this.#ticks % this.#ticksPerBeat !== 0) return
    this.#drain()
    this.#beats.beat()
    this.#sleepers.beat()
  }

  #scrub(): void {
    const { scrubBytes } = this.#deps.settings
    if (scrubBytes > 0) void this.#scrubber.step(this.#replicas.values(), scrubBytes)
  }

  /** Never rejects: without it a restart reads more, and nothing else. */
  #checkpoint(replica: Replica): Promise<void> {
    const { state } = replica.driver
    return replica.schedule
      .save(state, () => saveCheckpoint(this.#deps.store, replica.id, checkpointOf(state), this.#deps.crc32c))
      .catch((error: unknown) =>
        this.#deps.logger.warn({ group: replica.id, err: error }, 'a checkpoint could not be saved'),
      )
  }

  #wake(replica: Replica): void {
    this.#awake.add(replica)
    this.#noteSleep(replica)
    if (this.#drainPending) return
    this.#drainPending = true
    this.#deps.clock.soon(() => this.#drain())
  }

  #drain(): void {
    this.#drainPending = false
    const awake = [...this.#awake]
    this.#awake.clear()
    for (const replica of awake) this.#guarded(replica, ({ driver }) => driver.drain())
  }

  #setReachable(peer: BrokerId, reachable: boolean): void {
    for (const replica of this.#replicas.values()) {
      const { core } = replica.driver
      // Also of who is no member: it may become one again.
      this.#guarded(replica, () => replica.driver.setReachable(peer, reachable))
      if (!reachable && core.leader === peer && replica.driver.asleep) this.#lostLeaders.add(replica)
    }
  }

  /** Called wherever a replica may have fallen asleep or woken. */
  #noteSleep(replica: Replica): void {
    const { core, asleep } = replica.driver
    if (asleep === this.#sleepers.has(replica.id)) return
    if (!asleep) {
      this.#sleepers.woke(replica.id)
      if (!replica.driver.stopped) this.#ticking.add(replica)
      return
    }
    this.#ticking.delete(replica)
    const { term, leader } = core
    this.#sleepers.fellAsleep(replica.id, { term, leader, members: members(core.configuration), since: this.#ticks })
  }

  #forget(replica: Replica): void {
    this.#ticking.delete(replica)
    this.#sleepers.woke(replica.id)
  }

  #guarded(replica: Replica | undefined, act: (replica: Replica) => void): void {
    if (replica === undefined) return
    try {
      act(replica)
    } catch (error) {
      this.#stopBroken(replica, error)
    }
  }

  /** A broken invariant stops this replica, for good and aloud; the others have nothing to do with it. */
  #stopBroken(replica: Replica, err: unknown): void {
    this.#deps.logger.error({ group: replica.id, err }, 'the replica has broken a rule of its own and is stopped')
    replica.stop('broken')
    this.#forget(replica)
  }
}
