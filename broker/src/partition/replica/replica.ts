import type { BrokerId, GroupId, LogIndex, Offset, Position, Term } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Configuration } from '../../raft/config.ts'
import type { EntryStatus } from '../../raft/log/entry-states.ts'
import type { MemberTarget } from '../../raft/members/member-target.ts'
import { isAlone } from '../../raft/members/quorum.ts'
import type { Ready } from '../../raft/ready.ts'
import { RepairController } from '../copies/repair-controller.ts'
import { SnapshotController } from '../copies/snapshot-controller.ts'
import type { Group, GroupSpec, GroupStatus, Snapshot, SnapshotPlace, SpecChanges, Standing } from '../group.ts'
import type { FetchRequest, FetchResult, OffsetResult, PublishResult } from '../requests.ts'
import { type DriverDeps, GroupDriver } from './driver.ts'
import { type OdditiesDeps, tellOddities } from './oddities.ts'
import { Operations } from './operations.ts'
import { InSyncWindow } from './publish/in-sync-window.ts'
import { ProducerRecovery } from './publish/producer-recovery.ts'
import { Publishing } from './publish/publishing.ts'
import { Reading } from './read/reading.ts'
import type { ReplicaServices } from './replica-services.ts'
import type { CheckpointSchedule } from './state/checkpoint.ts'

export interface ReplicaDeps extends DriverDeps {
  readonly producersUnknown: boolean
  readonly spec: GroupSpec
  readonly services: ReplicaServices
  readonly schedule: CheckpointSchedule
  readonly inSyncTicks: number
  readonly distrustDisk: (reason: string) => void
  /** Feeds all replicas the ticks that are due. */
  readonly catchUp: () => void
  readonly onLeadership: (group: GroupId, term: Term, leader: BrokerId) => void
}

/** Why a replica does nothing any more. */
export type StopReason = 'removed' | 'closing' | 'broken'

/** Election timeouts after which an operator's wish has failed, whatever may still come of it. */
const OPERATION_TIMEOUTS = 4

const stopErrors = {
  removed: { waiting: 'UNKNOWN_TOPIC', asking: 'UNKNOWN_TOPIC', detail: 'The topic has been deleted.' },
  closing: { waiting: 'OUTCOME_UNKNOWN', asking: 'SHUTTING_DOWN', detail: 'The broker is shutting down.' },
  // Retriable: a replica on another broker will do.
  broken: {
    waiting: 'OUTCOME_UNKNOWN',
    asking: 'LEADER_UNAVAILABLE',
    detail: 'This replica has stopped; see the log.',
  },
} as const

/** One broker's replica of one group: what publishers and readers meet. */
export class Replica implements Group {
  readonly id: GroupId
  readonly driver: GroupDriver
  readonly schedule: CheckpointSchedule
  readonly snapshots: SnapshotController
  readonly repairs: RepairController
  readonly #producerRecovery: ProducerRecovery
  readonly #services: ReplicaServices
  readonly #operations: Operations
  readonly #publishing: Publishing
  readonly #reading: Reading
  readonly #inSync: InSyncWindow
  readonly #oddities: OdditiesDeps
  readonly #onLeadership: ReplicaDeps['onLeadership']
  #spec: GroupSpec
  #stopped: StopReason | null = null
  #unfit: string | null = null

  constructor(deps: ReplicaDeps) {
    const { services, clock, core, wake, broken } = deps
    this.id = deps.spec.group
    this.#spec = deps.spec
    this.schedule = deps.schedule
    this.#services = services
    this.#operations = new Operations({
      core,
      clock,
      timeoutMs: OPERATION_TIMEOUTS * services.settings.electionTimeoutMs,
      wake,
    })
    this.#inSync = new InSyncWindow(deps.inSyncTicks)
    this.#onLeadership = deps.onLeadership
    const { logger, distrustDisk } = deps
    this.#oddities = { group: this.id, logger, metrics: services.metrics, distrustDisk }
    this.driver = new GroupDriver(deps, {
      appended: (bytes) => {
        this.schedule.appended(bytes)
        this.snapshots.appended(bytes)
      },
      committed: (index) => this.#publishing.committed(index),
      highWatermarkAdvanced: () => this.#reading.advanced(),
      settled: () => this.#reading.review(),
      leadership: () => this.#leadershipChanged(),
      persisted: () => this.snapshots.persisted(),
      asked: (ready) => this.#asked(ready),
      offered: (lastIndex) => this.snapshots.offered(lastIndex),
    })
    const { id: group, driver, schedule } = this
    const spec = (): GroupSpec => this.#spec
    const notLeader = (): TailraceError => this.#notLeader()
    this.#reading = new Reading({
      ...{ driver, services, wake, notLeader, catchUp: deps.catchUp, replica: this },
      checkRunning: () => this.#checkRunning(),
      repair: () => this.repairs.repair(),
    })
    this.#publishing = new Publishing({ driver, services, spec, notLeader, broken })
    // One object for all of them: there are thousands of replicas.
    const duties = {
      ...{ ...services, group, core, driver, spec, schedule, wake, broken, replica: this },
      state: () => driver.state,
      log: () => driver.log,
      electionFactor: () => this.#spec.electionFactor ?? 1,
      incomplete: () => this.incomplete,
      letGo: (before: LogIndex) => this.snapshots.letGo(before),
      commitIndex: () => driver.state.commitIndex,
      distrust: (reason: string) => driver.distrust(reason),
    }
    this.#producerRecovery = new ProducerRecovery(duties, deps.producersUnknown)
    this.repairs = new RepairController(duties)
    this.snapshots = new SnapshotController(duties)
  }

  get spec(): GroupSpec {
    return this.#spec
  }

  /** Its derived state is not that of its log: it is no good for checkpoints or copies. */
  get incomplete(): boolean {
    return this.snapshots.installation !== null || this.#producerRecovery.unknown
  }

  get configuration(): Configuration {
    return this.driver.core.configuration
  }

  get unfit(): string | null {
    return this.#unfit ?? this.driver.unreadable
  }

  get standing(): Standing {
    if (this.#stopped === 'broken') return 'stopped'
    return this.driver.log.damage === null ? 'sound' : 'quarantined'
  }

  get admission(): number {
    return this.#spec.admission ?? 0
  }

  get leader(): BrokerId {
    return this.#stopped === null ? this.driver.core.leader : NO_BROKER
  }

  get term(): Term {
    return this.driver.core.term
  }

  get isLeader(): boolean {
    return this.#stopped === null && this.driver.core.role === 'leader'
  }

  get highWatermark(): Offset {
    return this.driver.state.highWatermark
  }

  get logStart(): Offset {
    return this.driver.log.startOffset
  }

  publish(batch: Uint8Array): Promise<PublishResult> {
    try {
      this.#checkRunning()
      if (!this.isLeader) throw this.#notLeader()
      return this.#publishing.publish(batch)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async fetch(request: FetchRequest): Promise<FetchResult> {
    return this.#reading.fetch(request)
  }

  async findOffset(position: Position, linearizable = false): Promise<OffsetResult> {
    return this.#reading.findOffset(position, linearizable)
  }

  /** See Group.confirmed. */
  confirmed(linearizable = false): Promise<void> | undefined {
    return this.#reading.confirmed(linearizable)
  }

  status(): GroupStatus {
    const raft = this.driver.core.status()
    return {
      ...raft,
      group: this.id,
      voters: raft.configuration.voters,
      inSync: raft.role === 'leader' ? this.#inSync.members(this.driver.core.id, raft) : [],
      highWatermark: this.highWatermark,
      logStart: this.logStart,
      sizeBytes: this.driver.log.sizeBytes,
      prevIndex: this.driver.log.prevIndex,
      trouble: this.#trouble(),
      installing: this.snapshots.installation?.progress ?? null,
      snapshot: this.snapshots.place,
    }
  }

  changeMembers(target: MemberTarget): Promise<void> {
    return this.#operate(() => this.#operations.changeMembers(target))
  }

  cancelChange(): boolean {
    return this.#stopped === null && this.driver.cancelChange()
  }

  transferLeadership(to: BrokerId): Promise<BrokerId> {
    return this.#operate(() => this.#operations.transferLeadership(to))
  }

  forceMembers(voters: readonly BrokerId[], aboveTerm: Term = 0): Promise<void> {
    return this.#operate(() =>
      this.#operations.forceMembers(voters, aboveTerm, () => {
        // Whoever forces the members accepts the loss of what this replica cannot read any more.
        if (this.driver.log.damage !== null) this.driver.log.repaired()
      }),
    )
  }

  takeSnapshot(): Promise<Snapshot> {
    return this.#operate(() => this.snapshots.take())
  }

  offerSnapshot(source: BrokerId, { index, term }: SnapshotPlace): void {
    this.#checkRunning()
    if (!this.isLeader) throw this.#notLeader()
    // Who took it may know of commits that this leader, a new one, does not know of yet.
    if (index > this.driver.core.commitIndex) throw new TailraceError('NOT_CAUGHT_UP')
    this.driver.offerSnapshot(index, term, source)
    this.snapshots.offered(index)
  }

  update(changes: SpecChanges): void {
    this.#spec = { ...this.#spec, ...changes }
    if (changes.electionFactor !== undefined) this.driver.core.setElectionFactor(changes.electionFactor)
  }

  entryStates(from: LogIndex, count: number): readonly EntryStatus[] {
    return this.driver.core.entryStates(from, count)
  }

  tick(): void {
    this.#inSync.tick(this.driver.state.commitIndex)
    this.driver.tick()
    this.#reading.review()
  }

  /** Now and then, also while the group sleeps. */
  upkeep(): void {
    if (this.#stopped !== null) return
    this.snapshots.tick()
    this.repairs.tick()
    this.#producerRecovery.tick()
    this.#publishing.upkeep()
  }

  /** The leader sends entries that are larger than this broker takes, and would send them again and again. */
  tooLarge(from: BrokerId, frameBytes: number): void {
    if (this.#stopped !== null) return
    const { logger, metrics } = this.#services
    this.#unfit = `Broker ${from} sends entries in a frame of ${frameBytes} bytes: raise maxFrameBytes and start again.`
    metrics.replicasUnfit += 1
    logger.error({ group: this.id, from, frameBytes }, 'entries do not fit into maxFrameBytes; the replica is stopped')
    this.stop('broken')
  }

  /** For good. Nobody waits on this replica any longer, and nobody takes it for the leader. */
  stop(reason: StopReason): void {
    if (this.#stopped !== null) return
    this.#stopped = reason
    this.driver.stop()
    this.snapshots.stop()
    this.repairs.stop()
    this.#operations.stop(new TailraceError(stopErrors[reason].waiting, stopErrors[reason].detail))
    this.#publishing.failAll(stopErrors[reason].waiting, stopErrors[reason].detail)
    this.#reading.wakeAll()
    if (reason === 'broken') this.#onLeadership(this.id, this.term, NO_BROKER)
  }

  #checkRunning(): void {
    if (this.#stopped === null) return
    const { asking, detail } = stopErrors[this.#stopped]
    throw new TailraceError(asking, detail)
  }

  #trouble(): string | null {
    if (this.#stopped === 'broken') return this.#unfit ?? stopErrors.broken.detail
    return this.driver.log.damage?.reason ?? this.driver.unreadable
  }

  async #operate<Result>(operation: () => Promise<Result>): Promise<Result> {
    this.#checkRunning()
    this.driver.wakeUp()
    return operation()
  }

  #asked(ready: Ready): void {
    this.#operations.heard(ready)
    this.snapshots.asked(ready)
    this.#count(ready)
    tellOddities(ready, this.#oddities)
  }

  #count({ memberChange, transfer }: Ready): void {
    const { metrics } = this.#services
    if (memberChange !== null) metrics[memberChange.outcome === 'done' ? 'membersChanged' : 'memberChangesFailed'] += 1
    if (transfer !== null) metrics[transfer.outcome === 'done' ? 'transfersDone' : 'transfersFailed'] += 1
  }

  #notLeader(): TailraceError {
    const { damage } = this.driver.log
    if (damage !== null && isAlone(this.configuration, this.driver.core.id)) {
      return new TailraceError(
        'STORAGE_CORRUPT',
        `The only replica cannot read its entries from ${damage.fromIndex} on: ${damage.reason}. "tailrace partition force-members" goes on without them.`,
      )
    }
    return this.leader === NO_BROKER
      ? new TailraceError('LEADER_UNAVAILABLE')
      : new TailraceError('NOT_LEADER', `Broker ${this.leader} leads it.`)
  }

  #leadershipChanged(): void {
    if (!this.isLeader) {
      this.#publishing.failAll('OUTCOME_UNKNOWN', 'The partition has changed its leader.')
      this.#reading.wakeAll()
    }
    this.#onLeadership(this.id, this.term, this.leader)
  }
}
