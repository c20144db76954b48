import type { BrokerId, GroupId, LogIndex, Offset, Position, Term } from '@tailrace/schemas'
import {
  baseSequenceAt,
  checkBatch,
  NO_BROKER,
  producerEpochAt,
  producerIdAt,
  recordsCountAt,
  TailraceError,
} from '@tailrace/schemas'
import type { RecordRun } from '../log/types.ts'
import type { Configuration } from '../raft/config.ts'
import type { EntryStatus } from '../raft/entry-states.ts'
import type { MemberTarget } from '../raft/member-target.ts'
import { isAlone } from '../raft/quorum.ts'
import type { Ready } from '../raft/ready.ts'
import { Acknowledgements } from './acknowledgements.ts'
import type { CheckpointSchedule } from './checkpoint.ts'
import { type DriverDeps, GroupDriver } from './driver.ts'
import { InSyncWindow } from './in-sync-window.ts'
import { termAt } from './log-places.ts'
import { Operations } from './operations.ts'
import { RepairDuty } from './repair-duty.ts'
import type { FetchRequest, FetchResult, OffsetResult, PublishResult, ReadToken } from './requests.ts'
import { SnapshotDuty, type SnapshotServices } from './snapshot-duty.ts'
import type { Group, GroupSpec, GroupStatus, SnapshotPlace, SpecChanges } from './types.ts'
import { WaitingReaders } from './waiting-readers.ts'

export interface ReplicaDeps extends Omit<DriverDeps, 'group'> {
  readonly spec: GroupSpec
  readonly services: SnapshotServices
  readonly schedule: CheckpointSchedule
  readonly inSyncTicks: number
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
  readonly snapshots: SnapshotDuty
  readonly repairs: RepairDuty
  readonly #services: SnapshotServices
  readonly #operations: Operations
  readonly #acknowledgements = new Acknowledgements()
  readonly #readers: WaitingReaders
  readonly #inSync: InSyncWindow
  readonly #onLeadership: ReplicaDeps['onLeadership']
  readonly #broken: ReplicaDeps['broken']
  #spec: GroupSpec
  #stopped: StopReason | null = null
  /** What the followers have, as far as known: looked at once for all entries that are committed together. */
  #matches: readonly { readonly id: BrokerId; readonly matchIndex: LogIndex }[] | null = null

  constructor(deps: ReplicaDeps) {
    const { services, clock, core, wake, broken } = deps
    this.id = deps.spec.group
    this.#spec = deps.spec
    this.schedule = deps.schedule
    this.#services = services
    this.#readers = new WaitingReaders(clock, services.settings.maxWaitingReaders)
    this.#operations = new Operations({
      core,
      clock,
      timeoutMs: OPERATION_TIMEOUTS * services.settings.electionTimeoutMs,
      wake,
    })
    this.#inSync = new InSyncWindow(deps.inSyncTicks)
    this.#onLeadership = deps.onLeadership
    this.#broken = deps.broken
    this.driver = new GroupDriver(
      { ...deps, group: this.id },
      {
        appended: (bytes) => {
          this.schedule.appended(bytes)
          this.snapshots.appended(bytes)
        },
        committed: (index) => this.#acknowledgements.committed(index, this.#holdersOf),
        highWatermarkAdvanced: () => {
          this.#matches = null
          this.#readers.advanced(this.highWatermark)
        },
        leadership: () => this.#leadershipChanged(),
        asked: (ready) => this.#asked(ready),
        offered: (lastIndex) => this.snapshots.offered(lastIndex),
      },
    )
    const { id: group, driver, schedule } = this
    const spec = (): GroupSpec => this.#spec
    this.repairs = new RepairDuty({ ...services, group, core, log: () => driver.log })
    this.snapshots = new SnapshotDuty({ ...services, group, replica: this, driver, spec, schedule, wake, broken })
  }

  get spec(): GroupSpec {
    return this.#spec
  }

  get configuration(): Configuration {
    return this.driver.core.configuration
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
      return this.#append(batch)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async fetch(request: FetchRequest): Promise<FetchResult> {
    this.#checkRunning()
    if (request.token !== undefined) this.#commitToken(request.token)
    this.#checkOffset(request.offset)
    const led = this.isLeader
    const deadline = this.#services.clock.monotonic() + request.waitMs
    while (request.offset >= this.highWatermark) {
      const left = deadline - this.#services.clock.monotonic()
      if (left <= 0 || request.signal?.aborted) return this.#nothingAt(request.offset)
      await this.#readers.wait(request.offset, left, request.signal)
      this.#checkRunning()
      // Whoever asked the leader wants the leader's answer: let it look for the new one.
      if (led && !this.isLeader) throw this.#notLeader()
      this.#checkOffset(request.offset)
    }
    const run = await this.#readRecords(request)
    return {
      batches: run.batches,
      bytes: run.bytes,
      nextOffset: run.nextOffset,
      highWatermark: this.highWatermark,
      logStart: this.logStart,
    }
  }

  /** What the disk has lost is fetched from another replica before anybody is told. */
  async #readRecords({ offset, maxBytes }: FetchRequest): Promise<RecordRun> {
    const read = async (): Promise<RecordRun> => this.driver.log.readRecords(offset, this.highWatermark, maxBytes)
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof TailraceError && error.code === 'STORAGE_CORRUPT')) throw error
      await this.repairs.repair()
      return read()
    }
  }

  async findOffset(position: Position): Promise<OffsetResult> {
    this.#checkRunning()
    // Until an entry of its own term is committed, a new leader may not know all that its predecessor acknowledged.
    if (this.isLeader && !this.driver.core.commitIsCurrent && position.kind !== 'EARLIEST') {
      throw new TailraceError('LEADER_UNAVAILABLE', 'The leader has just been elected.')
    }
    const offset = await this.#offsetOf(position)
    return { offset, highWatermark: this.highWatermark, logStart: this.logStart }
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

  forceMembers(voters: readonly BrokerId[]): Promise<void> {
    return this.#operate(() => {
      // Whoever forces the members accepts the loss of what this replica cannot read any more.
      if (this.driver.log.damage !== null && this.leader === NO_BROKER) this.driver.log.repaired()
      return this.#operations.forceMembers(voters)
    })
  }

  takeSnapshot(): Promise<SnapshotPlace> {
    return this.#operate(() => this.snapshots.take())
  }

  offerSnapshot(source: BrokerId, { index, term }: SnapshotPlace): void {
    this.#checkRunning()
    if (!this.isLeader) throw this.#notLeader()
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
  }

  /** Now and then, also while the group sleeps. */
  upkeep(): void {
    if (this.#stopped !== null) return
    this.snapshots.tick()
    this.repairs.tick()
  }

  /** For good. Nobody waits on this replica any longer, and nobody takes it for the leader. */
  stop(reason: StopReason): void {
    if (this.#stopped !== null) return
    this.#stopped = reason
    this.driver.stop()
    this.snapshots.stop()
    this.repairs.stop()
    this.#operations.stop(new TailraceError(stopErrors[reason].waiting, stopErrors[reason].detail))
    this.#acknowledgements.failAll(stopErrors[reason].waiting, stopErrors[reason].detail)
    this.#readers.wakeAll()
    if (reason === 'broken') this.#onLeadership(this.id, this.term, NO_BROKER)
  }

  #append(batch: Uint8Array): Promise<PublishResult> {
    this.#checkRunning()
    if (!this.isLeader) throw this.#notLeader()
    if (this.#spec.readOnly) throw new TailraceError('READ_ONLY')
    // Metadata goes on below the reserve: deleting a topic is a way out.
    if (!this.#services.storage.writable && this.spec.stateMachine === null) throw new TailraceError('DISK_FULL')
    checkBatch(batch, this.#services.crc32c, this.#spec.maxBatchBytes)
    const records = recordsCountAt(batch, 0)
    const producerId = producerIdAt(batch, 0)
    if (producerId >= 0) {
      const repeated = this.driver.state.producers.check(
        producerId,
        producerEpochAt(batch, 0),
        baseSequenceAt(batch, 0),
        records,
      )
      if (repeated !== null) return this.#acknowledgeRepeated(repeated.index, repeated.baseOffset, records)
    }
    const header = this.#propose(batch, records)
    if (header === 'not-leader') throw this.#notLeader()
    if (header === 'transferring') throw new TailraceError('LEADER_UNAVAILABLE', 'The leadership is being handed over.')
    if (header === 'too-much-uncommitted')
      throw new TailraceError('OVERLOADED', 'Too many bytes wait for their commit.')
    return this.#acknowledgements.wait(header.index, {
      baseOffset: header.baseOffset,
      lastOffset: header.lastOffset,
      duplicate: false,
      token: { term: header.term, index: header.index },
    })
  }

  #propose(batch: Uint8Array, records: number): ReturnType<GroupDriver['propose']> {
    try {
      return this.driver.propose(batch, records)
    } catch (error) {
      this.#broken(error)
      throw error
    }
  }

  #checkRunning(): void {
    if (this.#stopped === null) return
    const { asking, detail } = stopErrors[this.#stopped]
    throw new TailraceError(asking, detail)
  }

  /** A retry is answered with the original offsets, but not before the original is committed (kafka-protocol.md §2.4). */
  #acknowledgeRepeated(index: LogIndex, baseOffset: Offset, records: number): Promise<PublishResult> {
    const term = termAt(this.driver.log, index)
    const repeated = { baseOffset, lastOffset: baseOffset + records - 1, duplicate: true }
    const result = term < 0 ? repeated : { ...repeated, token: { term, index } }
    if (index <= this.driver.state.commitIndex) return Promise.resolve({ ...result, holders: this.#holdersOf(index) })
    return this.#acknowledgements.wait(index, result)
  }

  async #offsetOf(position: Position): Promise<Offset> {
    switch (position.kind) {
      case 'EARLIEST':
        return this.logStart
      case 'LATEST':
        return this.highWatermark
      case 'OFFSET':
        this.#checkOffset(position.value)
        return position.value
      case 'TIME':
        return (await this.driver.log.offsetForTime(position.value, this.highWatermark)) ?? this.highWatermark
    }
  }

  /** Past the end is an error only where the end is known: on a leader that has committed in its term. */
  #checkOffset(offset: Offset): void {
    const known = this.isLeader && this.driver.core.commitIsCurrent
    if (offset < this.logStart || (known && offset > this.driver.core.nextOffset)) {
      throw new TailraceError(
        'OFFSET_OUT_OF_RANGE',
        `Offset ${offset} is not between ${this.logStart} and ${this.highWatermark}.`,
      )
    }
  }

  /** M95: all up to the token's entry is committed here from now on, or this replica is not the one to ask. */
  #commitToken({ term, index }: ReadToken): void {
    const { metrics } = this.#services
    metrics.tokenReads += 1
    if (this.driver.commitToken(term, index)) return
    metrics.tokenReadsRefused += 1
    throw new TailraceError('NOT_CAUGHT_UP')
  }

  readonly #holdersOf = (index: LogIndex): readonly BrokerId[] => {
    const { core } = this.driver
    this.#matches ??= core.status().followers
    const holders = this.#matches.filter(({ matchIndex }) => matchIndex >= index).map(({ id }) => id)
    return core.durableIndex >= index ? [core.id, ...holders] : holders
  }

  #trouble(): string | null {
    if (this.#stopped === 'broken') return stopErrors.broken.detail
    return this.driver.log.damage?.reason ?? null
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
  }

  #count({ memberChange, transfer }: Ready): void {
    const { metrics } = this.#services
    if (memberChange !== null) metrics[memberChange.outcome === 'done' ? 'membersChanged' : 'memberChangesFailed'] += 1
    if (transfer !== null) metrics[transfer.outcome === 'done' ? 'transfersDone' : 'transfersFailed'] += 1
  }

  #nothingAt(offset: Offset): FetchResult {
    return { batches: [], bytes: 0, nextOffset: offset, highWatermark: this.highWatermark, logStart: this.logStart }
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
      this.#acknowledgements.failAll('OUTCOME_UNKNOWN', 'The partition has changed its leader.')
      this.#readers.wakeAll()
    }
    this.#matches = null
    this.#onLeadership(this.id, this.term, this.leader)
  }
}
