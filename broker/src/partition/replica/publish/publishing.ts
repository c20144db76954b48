import type { BrokerId, EntryHeader, LogIndex, Offset, ProducerId, Term, Timestamp } from '@tailrace/schemas'
import {
  baseSequenceAt,
  checkBatch,
  checkRecords,
  deletionBatch,
  EntryKind,
  MAX_TIMESTAMP,
  MIN_TIMESTAMP,
  maxDecompressedBytes,
  producerEpochAt,
  producerIdAt,
  type RecordLimits,
  recordsCountAt,
  TailraceError,
} from '@tailrace/schemas'
import { decompressors } from '../../../platform/decompressors.ts'
import { hasQuorum } from '../../../raft/members/quorum.ts'
import type { GroupSpec } from '../../group.ts'
import type { PublishCondition, PublishResult } from '../../requests.ts'
import type { GroupDriver } from '../driver.ts'
import { AppendTimes } from '../read/append-times.ts'
import type { ReplicaServices } from '../replica-services.ts'
import { isTooMuchForLeaders } from '../state/disk-wait.ts'
import { termAt } from '../state/log-places.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { Conditions } from './conditions.ts'
import type { FollowedBatch } from './publish-stages.ts'
import { PublishTrace } from './publish-trace.ts'

/** The epoch that InitProducer gives with every id (BrokerApi.initProducer). */
const GIVEN_EPOCH = 0

export interface PublishingDeps {
  readonly driver: GroupDriver
  readonly services: ReplicaServices
  readonly spec: () => GroupSpec
  readonly notLeader: () => TailraceError
  readonly broken: (error: unknown) => void
  readonly confirmed: () => Promise<void> | undefined
  readonly incomplete: () => boolean
}

/** The leader's side of publishing: takes batches in, once each, and acknowledges them when they are committed. */
export class Publishing {
  readonly #deps: PublishingDeps
  readonly #acknowledgements = new Acknowledgements()
  readonly #conditions: Conditions
  readonly #times: AppendTimes
  readonly #trace: PublishTrace
  /** The batch whose stages are measured. */
  #followed: FollowedBatch | null = null

  constructor(deps: PublishingDeps) {
    this.#deps = deps
    const { clock } = deps.services
    this.#conditions = new Conditions({ ...deps, clock, acknowledgements: this.#acknowledgements })
    this.#times = new AppendTimes(deps.services.settings.producerExpirationMs)
    this.#trace = new PublishTrace(deps.services.clock, deps.spec)
  }

  /** On a leader that runs. */
  publish(batch: Uint8Array, condition?: PublishCondition): Promise<PublishResult> {
    if (batch.length === 0 && condition?.fence !== undefined) return this.#raise(condition, condition.fence)
    const followed = this.#followed === null ? this.#deps.services.stages.follow() : null
    const spec = this.#writable()
    checkBatch(batch, this.#deps.services.crc32c, spec.maxBatchBytes)
    checkRecords(batch, decompressors, recordLimits(spec, this.#deps.services.clock.now()))
    const records = recordsCountAt(batch, 0)
    const producerId = producerIdAt(batch, 0)
    if (producerId >= 0) {
      this.#checkGiven(producerId, producerEpochAt(batch, 0))
      const repeated = this.#deps.driver.state.producers.check(
        producerId,
        producerEpochAt(batch, 0),
        baseSequenceAt(batch, 0),
        records,
      )
      if (repeated !== null) return this.#acknowledgeRepeated(repeated.index, repeated.baseOffset, records)
      this.#deps.driver.state.producers.admit(producerId, this.#times.oldUpTo(this.#deps.services.clock.monotonic()))
    }
    followed?.checked()
    if (condition !== undefined) {
      const unmet = this.#conditions.unmet(condition)
      if (unmet !== null) return this.#conditions.refuse(unmet)
      if (condition.fence !== undefined) this.#accept(condition.fence)
    }
    const header = this.#propose(batch, records, EntryKind.Records)
    this.#follow(followed, header.index)
    this.#trace.placed(batch, header.index)
    return this.#acknowledgements.wait(header.index, {
      baseOffset: header.baseOffset,
      lastOffset: header.lastOffset,
      duplicate: false,
      ...this.#token(header.term, header.index),
    })
  }

  /** On a leader that runs. Resolves when the deletion of the records before the offset is committed. */
  async delete(before: Offset): Promise<void> {
    const { driver, services } = this.#deps
    const { term, nextOffset: baseOffset } = driver.core
    const batch = deletionBatch({ term, baseOffset, timestamp: services.clock.now(), before })
    const { index } = this.#propose(batch, 0, EntryKind.Deletion)
    await this.#acknowledgements.wait(index, { baseOffset, lastOffset: baseOffset - 1, duplicate: false })
  }

  /** Called now and then: a producer may be forgotten for another one when it has been silent for long. */
  upkeep(): void {
    const { state } = this.#deps.driver
    if (state.producers.isFilling) this.#times.note(this.#deps.services.clock.monotonic(), state.appendedIndex)
  }

  committed(index: LogIndex): void {
    this.#acknowledgements.committed(index, this.#holdersOf)
    this.#trace.committed(index)
    if (this.#followed?.index !== index) return
    this.#followed.committed()
    this.#letGo()
  }

  /** The log has taken what was proposed. */
  written(): void {
    this.#followed?.written()
  }

  /** More of the log is durable here. */
  persisted(): void {
    this.#trace.persisted(this.#deps.driver.core.durableIndex)
    if (this.#followed === null) return
    this.#followed.synced(this.#deps.driver.core.durableIndex)
    this.#letGo()
  }

  /** A follower may have more of the log. */
  acknowledged(): void {
    const followed = this.#followed
    if (followed === null || followed.isReplicated) return
    const { core } = this.#deps.driver
    const holders = core.holdersOf(followed.index)
    // Its own disk may be the last: that is another stage.
    if (hasQuorum(core.configuration, (id) => id === core.id || holders.includes(id))) followed.replicated()
  }

  failAll(...failure: Parameters<Acknowledgements['failAll']>): void {
    this.#followed = null
    this.#trace.clear()
    this.#acknowledgements.failAll(...failure)
  }

  #follow(followed: FollowedBatch | null, index: LogIndex): void {
    if (followed === null) return
    followed.index = index
    this.#followed = followed
  }

  #letGo(): void {
    if (this.#followed?.isOver) this.#followed = null
  }

  /**
   * An id or epoch that the cluster has not given would take a place among the remembered ones, or fence the producer
   * that it was given to.
   */
  #checkGiven(producerId: ProducerId, epoch: number): void {
    const { isGiven } = this.#deps.spec()
    if (isGiven === undefined) return
    if (!isGiven(producerId)) throw new TailraceError('UNKNOWN_PRODUCER', `It is ${producerId}.`)
    if (epoch !== GIVEN_EPOCH) {
      throw new TailraceError('INVALID_BATCH', `producerEpoch: ${epoch} was not given with the id, ${GIVEN_EPOCH} was.`)
    }
  }

  /** Accepts a fencing token without a batch. */
  async #raise(condition: PublishCondition, fence: number): Promise<PublishResult> {
    this.#writable()
    const unmet = this.#conditions.unmet(condition)
    if (unmet !== null) return this.#conditions.refuse(unmet)
    const header = this.#accept(fence)
    if (header === null) {
      const { nextOffset } = this.#deps.driver.core
      await this.#conditions.settled()
      return { baseOffset: nextOffset, lastOffset: nextOffset - 1, duplicate: true }
    }
    const { baseOffset, lastOffset, term, index } = header
    const result = { baseOffset, lastOffset, duplicate: false, ...this.#token(term, index) }
    return this.#acknowledgements.wait(index, result)
  }

  /** The spec of a partition that takes entries now. @throws TailraceError READ_ONLY, DISK_FULL, OVERLOADED */
  #writable(): GroupSpec {
    const spec = this.#deps.spec()
    if (spec.readOnly) throw new TailraceError('READ_ONLY')
    // Metadata is still taken below the reserve: deleting a topic frees the disk.
    if (!this.#deps.services.storage.writable && spec.stateMachine === null) throw new TailraceError('DISK_FULL')
    if (spec.stateMachine === null && isTooMuchForLeaders(this.#deps.services)) {
      throw new TailraceError('OVERLOADED', "Too many bytes wait for the leader's disk.")
    }
    return spec
  }

  /**
   * Makes the token the highest one; null: it is that already. The entry stands before the batch that carries the
   * token. Where that finds no room behind it, the token counts all the same: its owner has asked for that.
   */
  #accept(fence: number): EntryHeader | null {
    const batch = this.#conditions.raised(fence)
    return batch === null ? null : this.#propose(batch, 0, EntryKind.Fence)
  }

  /** @throws TailraceError NOT_LEADER, LEADER_UNAVAILABLE, OVERLOADED: the core refuses the proposal */
  #propose(batch: Uint8Array, records: number, kind: EntryKind): EntryHeader {
    let header: ReturnType<GroupDriver['propose']>
    try {
      header = this.#deps.driver.propose(batch, records, kind)
    } catch (error) {
      this.#deps.broken(error)
      throw error
    }
    if (header === 'not-leader') throw this.#deps.notLeader()
    if (header === 'transferring') throw new TailraceError('LEADER_UNAVAILABLE', 'The leadership is being transferred.')
    if (header === 'too-much-uncommitted')
      throw new TailraceError('OVERLOADED', 'Too many bytes wait for their commit.')
    return header
  }

  /** A retry is answered with the original offsets, but not before the original is committed (docs/design.md). */
  #acknowledgeRepeated(index: LogIndex, baseOffset: Offset, records: number): Promise<PublishResult> {
    const term = termAt(this.#deps.driver.log, index)
    const repeated = { baseOffset, lastOffset: baseOffset + records - 1, duplicate: true }
    const result = term < 0 ? repeated : { ...repeated, ...this.#token(term, index) }
    if (index <= this.#deps.driver.state.commitIndex)
      return Promise.resolve({ ...result, holders: this.#holdersOf(index) })
    return this.#acknowledgements.wait(index, result)
  }

  #token(term: Term, index: LogIndex): Pick<PublishResult, 'token'> {
    const token = this.#deps.services.seal.tokenOf(this.#deps.spec().group, term, index)
    return token === null ? {} : { token }
  }

  readonly #holdersOf = (index: LogIndex): readonly BrokerId[] => this.#deps.driver.core.holdersOf(index)
}

function recordLimits({ maxBatchBytes, timestamps }: GroupSpec, now: Timestamp): RecordLimits {
  return {
    maxDecompressedBytes: maxDecompressedBytes(maxBatchBytes),
    oldestTimestamp: Math.max(MIN_TIMESTAMP, now - (timestamps?.beforeMaxMs ?? Number.POSITIVE_INFINITY)),
    newestTimestamp: Math.min(MAX_TIMESTAMP, now + (timestamps?.afterMaxMs ?? Number.POSITIVE_INFINITY)),
  }
}
