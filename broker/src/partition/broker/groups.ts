import type { BrokerId, GroupId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { TimerHandle } from '../../platform/clock.ts'
import { isAlone, members } from '../../raft/members/quorum.ts'
import { isOfLeader, type RaftMessage } from '../../raft/messages.ts'
import type { CopyServices } from '../copies/copy-services.ts'
import { CopySource } from '../copies/copy-source.ts'
import { CopyThrottle } from '../copies/copy-throttle.ts'
import { WorkSlots } from '../copies/work-slots.ts'
import type { Group, GroupSpec, Groups } from '../group.ts'
import { noPartitionMetrics, type PartitionMetrics } from '../metrics.ts'
import type { GroupRequestName, GroupRequests, NoteName, PeerAnswer, Peers } from '../peers.ts'
import { PublishStages } from '../replica/publish/publish-stages.ts'
import { ReadStages } from '../replica/read/read-stages.ts'
import type { Replica } from '../replica/replica.ts'
import type { ReplicaServices } from '../replica/replica-services.ts'
import { dropCheckpoint } from '../replica/state/checkpoint.ts'
import { dropInstallRecord } from '../replica/state/install-record.ts'
import { TermWatch } from '../replica/state/term-watch.ts'
import { TokenSeal } from '../replica/state/token-seal.ts'
import { Admissions } from './admission-record.ts'
import { Checkpoints } from './checkpoints.ts'
import { GroupAnswers } from './group-answers.ts'
import { handOverLeaderships } from './leadership-handover.ts'
import { ReplicaOpening, type ReplicaOpeningDeps } from './replica-opening.ts'
import { ReplicaScheduler } from './replica-scheduler.ts'
import { Scrubber } from './scrubber.ts'

export interface GroupsDeps extends ReplicaOpeningDeps {
  readonly peers: Peers
}

/**
 * Election timeouts that a shutdown takes at most to transfer its leaderships; it ends earlier when the last one is
 * transferred.
 */
const HAND_ON_TIMEOUTS = 3

/**
 * All replicas of this broker behind one ticker, one journal and one link per peer: opens, removes and closes them, and
 * finds the one that a message is for.
 */
export class BrokerGroups implements Groups, GroupRequests {
  onLeadership: Groups['onLeadership'] = () => {}
  readonly metrics: PartitionMetrics = noPartitionMetrics()
  readonly stages: PublishStages
  readonly readStages: ReadStages
  readonly #deps: GroupsDeps
  readonly #services: ReplicaServices & CopyServices
  readonly #answers: GroupAnswers
  readonly #replicas = new Map<GroupId, Replica>()
  readonly #opening = new Map<GroupId, Promise<Group>>()
  readonly #opener: ReplicaOpening
  readonly #scheduler: ReplicaScheduler
  readonly #checkpoints: Checkpoints
  readonly #admissions: Admissions
  readonly #scrubber: Scrubber
  readonly #scrubTimer: TimerHandle
  readonly #upkeepTimer: TimerHandle
  #closed = false

  constructor(deps: GroupsDeps) {
    this.#deps = deps
    const { clock, settings, storage, store, logger, crc32c, brokerId, peers } = deps
    this.stages = new PublishStages(clock)
    this.readStages = new ReadStages(clock)
    this.#services = servicesOf(deps, this)
    this.#answers = new GroupAnswers(this.#services.source, (group) => this.#replicas.get(group))
    this.#admissions = new Admissions(store)
    this.#checkpoints = new Checkpoints({ store, crc32c, clock }, logger)
    this.#scrubber = new Scrubber(logger)
    this.#scrubTimer = clock.every(settings.scrubMs, () => this.#scrub())
    // Sleeping replicas have no ticks, but grow older.
    const upkeep = (): void => this.#replicas.forEach((replica) => void replica.upkeep())
    this.#upkeepTimer = clock.every(settings.retentionCheckMs, upkeep)
    this.#scheduler = new ReplicaScheduler({
      brokerId,
      peers,
      clock,
      logger,
      settings,
      replicas: this.#replicas,
      checkpoints: this.#checkpoints,
      durableBlock: () => storage.durableBlock,
    })
    storage.onDurable = (group, ticket) => {
      const replica = this.#replicas.get(group)
      if (replica !== undefined) this.#scheduler.guarded(replica, () => replica.driver.durable(ticket))
    }
    this.#opener = new ReplicaOpening(deps, this.#services, this.#admissions, this.#scheduler, {
      distrustDisk: (reason) => void this.distrustDisk(reason),
      onLeadership: (group, term, leader) => this.onLeadership(group, term, leader),
    })
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

  get size(): number {
    return this.#replicas.size
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
    for (const replica of this.#replicas.values())
      this.#scheduler.guarded(replica, () => replica.driver.distrust(reason))
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
      this.#scheduler.remove(replica)
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
    if (isOfLeader(message)) this.#scheduler.catchUp()
    const replica = this.#replicas.get(group)
    if (replica === undefined) return
    this.#scheduler.guarded(replica, () => {
      if (replica.driver.asleep && message.type === 'vote') this.#scheduler.wakeIfLost(replica)
      replica.driver.receive(message, payloads)
      this.#scheduler.noteSleep(replica)
    })
  }

  /** Entries of the group are larger than this broker takes. */
  tooLarge(from: BrokerId, group: GroupId, frameBytes: number): void {
    this.#scheduler.guarded(this.#replicas.get(group), (replica) => replica.tooLarge(from, frameBytes))
  }

  get awake(): number {
    return this.#scheduler.ticking
  }

  get sleeping(): number {
    return this.#scheduler.sleeping
  }

  /** Of installations: so many at one time. */
  get turns(): WorkSlots {
    return this.#services.turns
  }

  /** Copies of replicas that are kept open for others. */
  get openCopies(): number {
    return this.#services.source.open
  }

  /** Requests of another broker's replica to this one's. */
  answer<Name extends GroupRequestName>(from: BrokerId, name: Name, fields: Message<Name>): Promise<PeerAnswer<Name>> {
    return this.#answers.answer(from, name, fields)
  }

  /** The link to a peer went down or came up: messages in flight on it are lost. */
  link(peer: BrokerId, up: boolean): void {
    this.#scheduler.link(peer, up)
  }

  /** A peer's message about all groups that it shares with this broker. */
  told<Name extends NoteName>(from: BrokerId, name: Name, fields: Message<Name>): void {
    this.#scheduler.told(from, name, fields)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.allSettled(this.#opening.values())
    const { clock, settings } = this.#deps
    await handOverLeaderships([...this.#replicas.values()], clock, HAND_ON_TIMEOUTS * settings.electionTimeoutMs)
    this.#scheduler.close()
    this.#scrubTimer.cancel()
    this.#upkeepTimer.cancel()
    this.#services.source.close()
    await this.#checkpoints.closeAll(this.#replicas.values())
  }

  async #open(wanted: GroupSpec): Promise<Group> {
    const { replica, isNew } = await this.#opener.open(wanted)
    if (this.#closed) throw new TailraceError('SHUTTING_DOWN')
    const { id, spec, driver } = replica
    const { brokerId } = this.#deps
    const { core, log } = driver
    this.#replicas.set(id, replica)
    this.#scheduler.add(replica)
    for (const member of members(core.configuration)) {
      if (member !== brokerId && !this.#scheduler.isReachable(member)) core.setReachable(member, false)
    }
    // A replica that was here before has voted before: it waits for its timer as all others do.
    if (((spec.preferred && isNew) || isAlone(core.configuration, brokerId)) && log.damage === null) core.campaign()
    this.#scheduler.schedule(replica)
    return replica
  }

  #scrub(): void {
    const { scrubBytes } = this.#deps.settings
    if (scrubBytes > 0) void this.#scrubber.step(this.#replicas.values(), scrubBytes)
  }
}

/** The services that all replicas of a broker share. */
function servicesOf(
  deps: GroupsDeps,
  { metrics, stages, readStages }: Pick<ReplicaServices, 'metrics' | 'stages' | 'readStages'>,
): ReplicaServices & CopyServices {
  const { clock, crc32c, settings, logger } = deps
  const { copyIdleMs, copyChunkBytes: maxChunkBytes } = settings
  return {
    ...deps,
    metrics,
    stages,
    readStages,
    source: new CopySource({ clock, crc32c, metrics, copyIdleMs, maxChunkBytes }),
    throttle: new CopyThrottle(clock, settings.replicationBytesPerSecond),
    turns: new WorkSlots(settings.maxInstallations),
    terms: new TermWatch(metrics, logger),
    seal: new TokenSeal(),
  }
}
