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
import type { LogStorage } from '../log/types.ts'
import type { Crc32c } from '../platform/checksum.ts'
import type { Clock } from '../platform/clock.ts'
import { Acknowledgements } from './acknowledgements.ts'
import type { CheckpointSchedule } from './checkpoint.ts'
import { type DriverDeps, GroupDriver } from './driver.ts'
import { InSyncWindow } from './in-sync-window.ts'
import type { FetchRequest, FetchResult, OffsetResult, PublishResult } from './requests.ts'
import type { Group, GroupSpec, GroupStatus } from './types.ts'
import { WaitingReaders } from './waiting-readers.ts'

export interface ReplicaDeps extends Omit<DriverDeps, 'group' | 'voters'> {
  readonly spec: GroupSpec
  readonly storage: LogStorage
  readonly crc32c: Crc32c
  readonly schedule: CheckpointSchedule
  readonly maxWaitingReaders: number
  readonly inSyncTicks: number
  readonly onLeadership: (group: GroupId, term: Term, leader: BrokerId) => void
}

/** Why a replica does nothing any more. */
export type StopReason = 'removed' | 'closing' | 'broken'

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
  readonly spec: GroupSpec
  readonly driver: GroupDriver
  readonly schedule: CheckpointSchedule
  readonly #storage: LogStorage
  readonly #crc32c: Crc32c
  readonly #clock: Clock
  readonly #acknowledgements = new Acknowledgements()
  readonly #readers: WaitingReaders
  readonly #inSync: InSyncWindow
  readonly #onLeadership: ReplicaDeps['onLeadership']
  readonly #broken: ReplicaDeps['broken']
  #stopped: StopReason | null = null

  constructor(deps: ReplicaDeps) {
    this.id = deps.spec.group
    this.spec = deps.spec
    this.schedule = deps.schedule
    this.#storage = deps.storage
    this.#crc32c = deps.crc32c
    this.#clock = deps.clock
    this.#readers = new WaitingReaders(deps.clock, deps.maxWaitingReaders)
    this.#inSync = new InSyncWindow(deps.inSyncTicks)
    this.#onLeadership = deps.onLeadership
    this.#broken = deps.broken
    this.driver = new GroupDriver(
      { ...deps, group: this.id, voters: this.spec.voters },
      {
        appended: (bytes) => this.schedule.appended(bytes),
        committed: (index) => this.#acknowledgements.committed(index),
        highWatermarkAdvanced: () => this.#readers.advanced(this.highWatermark),
        leadership: () => this.#leadershipChanged(),
      },
    )
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
    this.#checkOffset(request.offset)
    const led = this.isLeader
    const deadline = this.#clock.monotonic() + request.waitMs
    while (request.offset >= this.highWatermark) {
      const left = deadline - this.#clock.monotonic()
      if (left <= 0 || request.signal?.aborted) return this.#nothingAt(request.offset)
      await this.#readers.wait(request.offset, left, request.signal)
      this.#checkRunning()
      // Whoever asked the leader wants the leader's answer: let it look for the new one.
      if (led && !this.isLeader) throw this.#notLeader()
      this.#checkOffset(request.offset)
    }
    const run = await this.driver.log.readRecords(request.offset, this.highWatermark, request.maxBytes)
    return {
      batches: run.batches,
      bytes: run.bytes,
      nextOffset: run.nextOffset,
      highWatermark: this.highWatermark,
      logStart: this.logStart,
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
      voters: this.spec.voters,
      inSync: raft.role === 'leader' ? this.#inSync.members(this.driver.core.id, raft) : [],
      highWatermark: this.highWatermark,
      logStart: this.logStart,
      sizeBytes: this.driver.log.sizeBytes,
    }
  }

  tick(): void {
    this.#inSync.tick(this.driver.state.commitIndex)
    this.driver.tick()
  }

  /** For good. Nobody waits on this replica any longer, and nobody takes it for the leader. */
  stop(reason: StopReason): void {
    if (this.#stopped !== null) return
    this.#stopped = reason
    this.driver.stop()
    this.#acknowledgements.failAll(stopErrors[reason].waiting, stopErrors[reason].detail)
    this.#readers.wakeAll()
    if (reason === 'broken') this.#onLeadership(this.id, this.term, NO_BROKER)
  }

  #append(batch: Uint8Array): Promise<PublishResult> {
    this.#checkRunning()
    if (!this.isLeader) throw this.#notLeader()
    // Metadata goes on below the reserve: deleting a topic is a way out.
    if (!this.#storage.writable && this.spec.stateMachine === null) throw new TailraceError('DISK_FULL')
    checkBatch(batch, this.#crc32c, this.spec.maxBatchBytes)
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
    if (header === 'too-much-uncommitted')
      throw new TailraceError('OVERLOADED', 'Too many bytes wait for their commit.')
    return this.#acknowledgements.wait(header.index, {
      baseOffset: header.baseOffset,
      lastOffset: header.lastOffset,
      duplicate: false,
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
    const result = { baseOffset, lastOffset: baseOffset + records - 1, duplicate: true }
    if (index <= this.driver.state.commitIndex) return Promise.resolve(result)
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

  #nothingAt(offset: Offset): FetchResult {
    return { batches: [], bytes: 0, nextOffset: offset, highWatermark: this.highWatermark, logStart: this.logStart }
  }

  #notLeader(): TailraceError {
    return this.leader === NO_BROKER
      ? new TailraceError('LEADER_UNAVAILABLE')
      : new TailraceError('NOT_LEADER', `Broker ${this.leader} leads it.`)
  }

  #leadershipChanged(): void {
    if (!this.isLeader) {
      this.#acknowledgements.failAll('OUTCOME_UNKNOWN', 'The partition has changed its leader.')
      this.#readers.wakeAll()
    }
    this.#onLeadership(this.id, this.term, this.leader)
  }
}
