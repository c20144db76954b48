import type { BrokerId, GroupId, LogIndex, Offset, Position, Term } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Configuration } from '../../raft/config.ts'
import type { EntryStatus } from '../../raft/log/entry-states.ts'
import type { MemberTarget } from '../../raft/members/member-target.ts'
import type { Group, GroupSpec, GroupStatus, Snapshot, SnapshotPlace, SpecChanges, Standing } from '../group.ts'
import type { FetchRequest, FetchResult, OffsetResult, PublishCondition, PublishResult } from '../requests.ts'
import type { GroupDriver } from './driver.ts'
import { notLeading } from './leader-refusal.ts'
import { LeadershipCounts } from './leadership-counts.ts'
import type { Operations } from './operations.ts'
import { InSyncWindow } from './publish/in-sync-window.ts'
import type { Publishing } from './publish/publishing.ts'
import type { Reading } from './read/reading.ts'
import type { ReplicaCopying } from './replica-copying.ts'
import { failureOfWaiting, ReplicaLife, type StopReason } from './replica-life.ts'
import { createParts, type ReplicaDeps } from './replica-parts.ts'
import type { ReplicaServices } from './replica-services.ts'
import type { CheckpointSchedule } from './state/checkpoint.ts'

/** One broker's replica of one group, as publishers and readers use it. */
export class Replica implements Group {
  readonly id: GroupId
  readonly driver: GroupDriver
  readonly schedule: CheckpointSchedule
  readonly snapshots: ReplicaCopying['snapshots']
  readonly repairs: ReplicaCopying['repairs']
  readonly #producers: ReplicaCopying['producers']
  readonly life = new ReplicaLife()
  readonly #services: ReplicaServices
  readonly #operations: Operations
  readonly #publishing: Publishing
  readonly #reading: Reading
  readonly #inSync: InSyncWindow
  readonly #leaderships: LeadershipCounts
  readonly #onLeadership: ReplicaDeps['onLeadership']
  #spec: GroupSpec

  constructor(deps: ReplicaDeps) {
    this.id = deps.spec.group
    this.#spec = deps.spec
    this.schedule = deps.schedule
    this.#services = deps.services
    this.#onLeadership = deps.onLeadership
    this.#inSync = new InSyncWindow(deps.inSyncTicks)
    this.#leaderships = new LeadershipCounts(deps.services.metrics)
    const parts = createParts(deps, this)
    this.driver = parts.driver
    this.#operations = parts.operations
    this.#reading = parts.reading
    this.#publishing = parts.publishing
    this.snapshots = parts.copying.snapshots
    this.repairs = parts.copying.repairs
    this.#producers = parts.copying.producers
  }

  get spec(): GroupSpec {
    return this.#spec
  }

  /** Its derived state does not belong to its log: it may not be used for checkpoints or copies. */
  get incomplete(): boolean {
    return this.snapshots.installation !== null || this.#producers.unknown
  }

  get configuration(): Configuration {
    return this.driver.core.configuration
  }

  get unfit(): string | null {
    return this.life.unfit ?? this.driver.unreadable
  }

  get standing(): Standing {
    return this.life.standing(this.driver.log)
  }

  get missing(): number | null {
    return this.driver.missing
  }

  get admission(): number {
    return this.#spec.admission ?? 0
  }

  get leader(): BrokerId {
    return this.life.stopped === null ? this.driver.core.leader : NO_BROKER
  }

  get term(): Term {
    return this.driver.core.term
  }

  get isLeader(): boolean {
    return this.life.stopped === null && this.driver.core.role === 'leader'
  }

  /** The error for requests that only the leader can serve. */
  notLeader(): TailraceError {
    return notLeading(this.driver.core, this.driver.log, this.leader)
  }

  get highWatermark(): Offset {
    return this.driver.state.highWatermark
  }

  get logStart(): Offset {
    return Math.max(this.firstStored, this.driver.state.deletedBefore)
  }

  get firstStored(): Offset {
    return this.driver.log.startOffset
  }

  /** See Group.deleteRecords. */
  async deleteRecords(before: Offset): Promise<Offset> {
    this.life.checkRunning()
    if (!this.isLeader) throw this.notLeader()
    await this.#reading.confirmed(true)
    if (!this.isLeader) throw this.notLeader()
    const end = this.highWatermark
    if (before > end) throw new TailraceError('OFFSET_OUT_OF_RANGE', `Offset ${before} is beyond ${end}.`)
    const wanted = before === -1 ? end : before
    if (wanted > this.logStart) await this.#publishing.delete(wanted)
    return this.logStart
  }

  get sizeBytes(): number {
    return this.driver.log.sizeBytes
  }

  publish(batch: Uint8Array, condition?: PublishCondition): Promise<PublishResult> {
    try {
      this.life.checkRunning()
      if (!this.isLeader) throw this.notLeader()
      return this.#publishing.publish(batch, condition)
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
    const { driver, snapshots } = this
    const raft = driver.core.status()
    return {
      ...raft,
      group: this.id,
      voters: raft.configuration.voters,
      inSync: raft.role === 'leader' ? this.#inSync.members(driver.core.id, raft) : [],
      highWatermark: this.highWatermark,
      logStart: this.logStart,
      sizeBytes: this.sizeBytes,
      prevIndex: driver.log.prevIndex,
      trouble: this.life.trouble(driver.log, driver.unreadable),
      installing: snapshots.installation?.progress ?? null,
      snapshot: snapshots.place,
    }
  }

  changeMembers(target: MemberTarget): Promise<void> {
    return this.#operations.changeMembers(target)
  }

  cancelChange(): boolean {
    return this.life.stopped === null && this.driver.cancelChange()
  }

  transferLeadership(to: BrokerId): Promise<BrokerId> {
    return this.#operations.transferLeadership(to)
  }

  forceMembers(voters: readonly BrokerId[], aboveTerm: Term = 0): Promise<void> {
    return this.#operations.forceMembers(voters, aboveTerm, () => {
      // An operator that forces the members accepts the loss of entries that this replica cannot read any more.
      if (this.driver.log.damage !== null) this.driver.log.repaired()
    })
  }

  async takeSnapshot(): Promise<Snapshot> {
    this.life.checkRunning()
    this.driver.wakeUp()
    return this.snapshots.take()
  }

  offerSnapshot(source: BrokerId, { index, term }: SnapshotPlace): void {
    this.life.checkRunning()
    if (!this.isLeader) throw this.notLeader()
    // The replica that took the snapshot may know of commits that this leader, a new one, does not know of yet.
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

  tick(mayCampaign: () => boolean): void {
    this.#inSync.tick(this.driver.state.commitIndex)
    this.driver.tick(mayCampaign)
    this.#reading.review()
  }

  /** Now and then, also while the group sleeps. */
  upkeep(): void {
    if (this.life.stopped !== null) return
    this.snapshots.tick()
    this.repairs.tick()
    this.#producers.tick()
    this.#publishing.upkeep()
  }

  /** The leader sends entries that are larger than this broker takes, and would send them again and again. */
  tooLarge(from: BrokerId, frameBytes: number): void {
    if (this.life.stopped !== null) return
    const { logger, metrics } = this.#services
    this.life.unfit = `Broker ${from} sends entries in a frame of ${frameBytes} bytes: raise maxFrameBytes and start again.`
    metrics.replicasUnfit += 1
    logger.error({ group: this.id, from, frameBytes }, 'entries do not fit into maxFrameBytes; the replica is stopped')
    this.stop('broken')
  }

  /** Stops permanently. No call waits on this replica any more, and no broker takes it for the leader. */
  stop(reason: StopReason): void {
    if (this.life.stopped !== null) return
    this.life.stopped = reason
    this.driver.stop()
    this.snapshots.stop()
    this.repairs.stop()
    const [code, detail] = failureOfWaiting(reason)
    this.#operations.stop(new TailraceError(code, detail))
    this.#publishing.failAll(code, detail)
    this.#reading.wakeAll()
    if (reason === 'broken') this.#onLeadership(this.id, this.term, NO_BROKER)
  }

  /** The driver has told the core's new view of who leads. */
  leadershipChanged(): void {
    this.#leaderships.note(this.driver.core.role, this.term, this.leader)
    if (!this.isLeader) {
      this.#publishing.failAll('OUTCOME_UNKNOWN', 'The partition has changed its leader.')
      this.#reading.wakeAll()
    }
    this.#onLeadership(this.id, this.term, this.leader)
  }
}
