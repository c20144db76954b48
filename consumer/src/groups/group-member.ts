import { type Client, type ClientOptions, type ClientSurroundings, delay, type Timer } from '@tailrace/client'
import { errorTold, type Offset, TailraceError } from '@tailrace/schemas'
import { clockOf, leavesOnDisconnect, startBeats } from '#beats'
import type { Feeds } from '../feed/feeds.ts'
import { ReceiveBudget } from '../feed/receive-budget.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import { EndlessRange } from '../range/range.ts'
import type { From } from '../range/start.ts'
import type { ConsumerRecord } from '../record.ts'
import type { RecordsBatch } from '../records-batch.ts'
import { Intake } from '../run/intake.ts'
import {
  type BeatEvents,
  type BeatSettings,
  type Beats,
  type GivenUpLease,
  type Lease,
  type LossReason,
  partitionKey,
  type StuckRecord,
  type Told,
} from './beats/beat-messages.ts'
import { Coordinator } from './beats/coordinator.ts'
import type { Pulse } from './beats/pulse.ts'
import type { GroupCounts } from './group-counts.ts'
import {
  FINISH_MS,
  type GroupSettings,
  type RevocationReason,
  stuckHandler,
  type WantedTopics,
} from './group-options.ts'
import { Assignment } from './leases/assignment.ts'
import { type CommittedLease, Committer } from './leases/committer.ts'
import { KnownPartitions } from './leases/known-partitions.ts'
import { type Handed, LeasedPartition } from './leases/leased-partition.ts'
import { PartitionReader } from './leases/partition-reader.ts'
import { PutOff } from './leases/put-off.ts'
import { startOfPartition } from './leases/start-of-partition.ts'

const COMMIT_MS = 30_000
/** How long the last commit of a member that ends is waited for. */
const LAST_COMMIT_MS = 5_000
/** Of a topic that is gone the coordinator takes the leases away: until then there is nothing to do. */
const gone = new Set(['UNKNOWN_TOPIC', 'TOPIC_ID_MISMATCH', 'UNKNOWN_PARTITION'])

export interface MemberParts<Data> {
  readonly group: string
  readonly topics: WantedTopics
  readonly settings: GroupSettings
  readonly client: Client
  readonly options: ClientOptions
  /** Each partition has a feed of its own, so that one that is not read further holds up no other. */
  readonly feeds: Feeds
  readonly counts: GroupCounts
  readonly batchOf: (topic: string, received: ReceivedBatch) => RecordsBatch<Data>
  /** The record at an offset; undefined: it is not there any more. */
  readonly recordAt: (lease: Lease, offset: Offset) => Promise<ConsumerRecord<Data> | undefined>
  readonly onClose: () => void
}

/** One member of a consumer group: its leases, what is read under them, and what is committed. */
export class GroupMember<Data> {
  readonly intake: Intake<LeasedPartition<Data>>
  readonly committer: Committer
  readonly coordinator: Coordinator
  readonly assignment: Assignment<Data>
  readonly #parts: MemberParts<Data>
  readonly #settings: GroupSettings
  readonly #beats: Beats
  readonly #pulse: Pulse
  readonly #putOff: PutOff<Data>
  readonly #budget: ReceiveBudget
  readonly #known: KnownPartitions
  readonly #autoCommit: Timer | undefined
  /** Given up because of a stuck handler, until their handlers have returned. */
  readonly #givenUp = new Set<LeasedPartition<Data>>()
  readonly #surroundings: ClientSurroundings
  /** Milliseconds, on the clock of the beats. */
  readonly now: () => number
  /** Calls of the program's functions, one after the other. */
  #calls: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined
  #isReleased = false

  /** Joins the group. */
  constructor(parts: MemberParts<Data>) {
    const { settings, client, group, counts } = parts
    this.#parts = parts
    this.#settings = settings
    this.#surroundings = client.surroundings
    this.now = clockOf(client.surroundings)
    this.#budget = new ReceiveBudget(settings.maxBufferedBytes)
    this.#known = new KnownPartitions(client, settings.from === 'earliest' ? [] : parts.topics.topics)
    const { options } = parts
    const { pulse, beats } = startBeats({
      client,
      options,
      useWorker: settings.heartbeats === 'worker',
      settings: beatSettings(parts),
      events: this.#events(),
    })
    this.#beats = beats
    this.#pulse = pulse
    this.coordinator = new Coordinator(client, group)
    this.intake = new Intake({
      now: this.now,
      // As long as no beat is confirmed, the leases may be others' by now.
      mayHandOut: (now) => now - pulse.confirmedAt <= settings.sessionMs,
      surroundings: client.surroundings,
    })
    this.assignment = new Assignment((lease, told) => this.#lease(lease, told))
    this.committer = new Committer(
      (member, positions) => this.coordinator.commit(member, positions, { timeoutMs: COMMIT_MS }),
      (_error, lease) => this.#refused(lease),
    )
    this.#putOff = new PutOff({
      partition: (key) => this.assignment.get(key),
      fetch: ({ lease }, { offset }) => parts.recordAt(lease, offset),
      offer: (partition) => this.intake.offer(partition),
      gone: (partition, due) => void this.committer.done(partition, due.offset).catch(() => {}),
      failed: (partition, error) => this.#failedAt(partition, error),
    })
    counts.members++
    if (!settings.autoCommit) return
    this.#autoCommit = client.surroundings.every(settings.autoCommitIntervalMs, () => void this.commitDone())
  }

  get beatsFrom(): 'worker' | 'timers' {
    return this.#beats.from
  }

  /** Reads on from there, and neither from nor behind where it was. What is being handled is finished. */
  seek(partition: LeasedPartition<Data>, offset: Offset): void {
    partition.wanted = offset
    if (partition.state === 'open') void this.#open(partition)
  }

  resume(partition: LeasedPartition<Data>): void {
    partition.isPaused = false
    this.intake.offer(partition)
  }

  /** The end of a record or batch that was handed out. `isDone` false: it was given up, and will come again. */
  finish(handed: Handed<Data>, isDone: boolean): void {
    const { partition } = handed
    partition.finish(handed, isDone)
    if (isDone && handed.due !== undefined && !handed.isPutOff && this.#settings.autoCommit) {
      void this.committer.done(partition, handed.offset).catch(() => {})
    }
  }

  /** Others have their turn before it, if something can still be taken from it. */
  offerAgain(partition: LeasedPartition<Data>): void {
    if (partition.isOpen && partition.hasNext) this.intake.offer(partition)
  }

  /** Commits what is done, of all partitions. Resolves when that is settled; refusals show by `onRevoked`. */
  async commitDone(partitions: readonly LeasedPartition<Data>[] = this.assignment.partitions): Promise<void> {
    const due = partitions.filter((one) => one.isHeld && one.state !== 'assigned' && one.position > one.committed)
    await Promise.allSettled(
      due.map((one) => this.committer.commit(one, { offset: one.position, term: one.term, metadata: '' })),
    )
  }

  /**
   * Hands out nothing more, commits what is done and leaves the group. `finishMs`: how long handlers may take to
   * finish. Never rejects.
   */
  close(finishMs = FINISH_MS): Promise<void> {
    this.#closing ??= this.#close(finishMs)
    return this.#closing
  }

  async #close(finishMs: number): Promise<void> {
    this.intake.close()
    this.#autoCommit?.cancel()
    const partitions = this.assignment.partitions.filter(({ state }) => state !== 'over')
    await this.#within(finishMs, Promise.all(partitions.map((one) => one.end())))
    await this.#settle(partitions, 'closed')
    await this.#beats.leave()
    for (const one of this.assignment.clear()) one.lose()
    this.#parts.counts.members--
    this.#parts.onClose()
  }

  #events(): BeatEvents {
    return {
      told: (told) => this.#told(told),
      lost: (reason, generation) => this.#lost(reason, generation),
      gaveUp: (lease) => this.#gaveUp(lease),
      stuck: (record) => this.#stuck(record),
      failed: (error) => this.#fail(errorTold(error)),
    }
  }

  #told(told: Told): void {
    // Leases of a former generation are lost; that this is so may be told later than an answer from before.
    if (this.#closing !== undefined || told.generation !== this.#pulse.generation) return
    const { added, revoked, lost } = this.assignment.absorb(told)
    for (const one of lost) one.lose()
    if (lost.length > 0) void this.#call(() => this.#settings.onRevoked(lost.map(placeOf), 'lost'))
    if (added.length > 0) void this.#assign(added)
    this.#revoke(revoked)
    this.#putOff.told(told.due)
  }

  #lease(lease: Lease, { member, generation }: Told): LeasedPartition<Data> {
    const reader = new PartitionReader<Data>((received) => this.#parts.batchOf(lease.topic, received), {
      ready: () => this.intake.offer(partition),
      skipped: (nextOffset, term) => partition.skip(nextOffset, term),
      failed: (error) => this.#failedAt(partition, error),
    })
    const partition = new LeasedPartition<Data>(lease, { member, generation, pulse: this.#pulse }, reader)
    return partition
  }

  async #assign(added: readonly LeasedPartition<Data>[]): Promise<void> {
    this.#parts.counts.assigned += added.length
    await this.#call(() => this.#settings.onAssigned(added.map(({ lease }) => assignedOf(lease))))
    for (const one of added) if (one.state === 'assigned') void this.#open(one)
  }

  async #open(partition: LeasedPartition<Data>): Promise<void> {
    const { lease } = partition
    try {
      const from = lease.offset < 0 ? await this.#startOf(lease) : 'earliest'
      if (partition.state === 'ending' || partition.state === 'over') return
      const offset = partition.wanted ?? (lease.offset < 0 ? undefined : lease.offset)
      partition.wanted = undefined
      const range = new EndlessRange(startOfPartition(lease, offset, from))
      const feed = this.#parts.feeds.open(lease.topic, range, this.#feedSettings())
      const begun = await partition.open(feed)
      if (begun === undefined) return
      // Else a member that begins there later, because this one has committed nothing, would leave records out.
      const isMoving = offset === undefined && this.#settings.from !== 'earliest'
      if (isMoving) await this.committer.commit(partition, { offset: begun, term: 0, metadata: '' })
      partition.start()
    } catch (error) {
      this.#failedAt(partition, error)
    }
  }

  /** Where a partition without a committed position begins. */
  async #startOf(lease: Lease): Promise<From> {
    const { from } = this.#settings
    // What was published to an added partition, before this member had its lease, came after the group began.
    return from === 'earliest' || (await this.#known.wasAdded(lease)) ? 'earliest' : from
  }

  #feedSettings() {
    const { onOutOfRange, onJump, readFrom } = this.#settings
    return {
      onOutOfRange,
      onJump,
      readFrom,
      budget: this.#budget,
      onTopicRecreated: 'fail',
    } as const
  }

  /** Those on which nothing is being handled go back together, the others each as soon as it is finished. */
  #revoke(revoked: readonly LeasedPartition<Data>[]): void {
    const idle = revoked.filter(({ isIdle }) => isIdle)
    if (idle.length > 0) void this.#giveBack(idle)
    for (const one of revoked) if (!idle.includes(one)) void this.#giveBack([one])
  }

  async #giveBack(partitions: readonly LeasedPartition<Data>[]): Promise<void> {
    await Promise.all(partitions.map((one) => one.end()))
    const held = partitions.filter(({ isHeld }) => isHeld)
    await this.#settle(held, 'revoked')
    this.#parts.counts.revoked += held.length
    for (const one of held) {
      one.lose()
      this.assignment.remove(one)
      this.#beats.release(one.lease, one.lease.token)
    }
  }

  /** What is done is committed, as long as the leases may last. */
  async #settle(partitions: readonly LeasedPartition<Data>[], reason: RevocationReason): Promise<void> {
    if (partitions.length > 0) await this.#call(() => this.#settings.onRevoked(partitions.map(placeOf), reason))
    const ms = reason === 'closed' ? LAST_COMMIT_MS : this.#settings.sessionMs
    if (this.#settings.autoCommit) void this.commitDone(partitions)
    await this.#within(ms, this.committer.idle())
  }

  #lost(reason: LossReason, generation: number): void {
    if (generation < this.#pulse.generation) return
    const lost = this.assignment.clear()
    for (const one of lost) one.lose()
    this.#parts.counts.lost += lost.length
    if (lost.length > 0) void this.#call(() => this.#settings.onRevoked(lost.map(placeOf), 'lost'))
    if (reason !== 'stuck') return
    const handled = [...lost, ...this.#givenUp]
    void Promise.all(handled.map((one) => one.end())).then(() => this.#beats.rejoin())
  }

  /** Another member may have it already. This one goes on with its others, and takes it again behind its handlers. */
  #gaveUp(lease: GivenUpLease): void {
    const partition = this.assignment.get(partitionKey(lease))
    if (partition?.lease.token !== lease.token) {
      this.#beats.returned(lease)
      return
    }
    this.assignment.remove(partition)
    const isLost = partition.state !== 'over'
    partition.lose()
    if (isLost) {
      this.#parts.counts.lost++
      void this.#call(() => this.#settings.onRevoked([placeOf(partition)], 'lost'))
    }
    this.#givenUp.add(partition)
    void partition.end().then(() => {
      this.#givenUp.delete(partition)
      this.#beats.returned(lease)
    })
  }

  /** A commit was refused: the lease is over. That of now, if there is one, may have been given since. */
  #refused(refused: CommittedLease): void {
    const partition = this.assignment.get(refused.key)
    this.#parts.counts.fencedCommits++
    this.#beats.hurry()
    if (partition !== refused || partition.state === 'over') return
    partition.lose()
    this.#parts.counts.lost++
    void this.#call(() => this.#settings.onRevoked([placeOf(partition)], 'lost'))
  }

  #stuck(record: StuckRecord): void {
    this.#parts.counts.stuck++
    void this.#call(() => this.#settings.onStuck(stuckHandler(record)))
  }

  #failedAt(partition: LeasedPartition<Data>, error: unknown): void {
    const { code } = TailraceError.from(error)
    if (!partition.isHeld || code === 'FENCED_MEMBER' || code === 'CLOSED') return
    if (gone.has(code)) partition.reader.close()
    else this.#fail(error)
  }

  /** The loop ends with this very error. */
  #fail(error: unknown): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.intake.fail(error)
  }

  /** A function of the program; what it throws ends the subscription. */
  #call(call: () => unknown): Promise<void> {
    const called = this.#calls.then(() => this.#within(this.#settings.callbackTimeoutMs, Promise.resolve().then(call)))
    this.#calls = called.catch((error) => this.#fail(error))
    return called.then(nothing, nothing)
  }

  /** Resolves with the promise, or after `ms`. @throws what the promise rejects with before */
  async #within(ms: number, promise: Promise<unknown>): Promise<void> {
    const over = new AbortController()
    const late = delay(ms, over.signal, this.#surroundings).catch(nothing)
    await Promise.race([promise, late]).finally(() => over.abort())
  }
}

/** What can be sent to another thread. */
function beatSettings({ group, topics, options, settings }: MemberParts<unknown>): BeatSettings {
  const { instance, rack, sessionMs, handlerTimeoutMs, stuckHandlers } = settings
  const clientId = options.clientId ?? ''
  // The partitions of a static member wait for it.
  const leaveOnDisconnect = instance === '' && (settings.leaveOnDisconnect ?? leavesOnDisconnect)
  const times = { sessionMs, handlerTimeoutMs, stuckHandlers, leaveOnDisconnect }
  return { group, clientId, instance, rack, ...topics, ...times }
}

function placeOf({ lease: { topic, partition } }: { readonly lease: Lease }): { topic: string; partition: number } {
  return { topic, partition }
}

function assignedOf({ topic, partition, token, offset, metadata }: Lease) {
  return { topic, partition, token, committed: offset < 0 ? null : { offset, metadata } }
}

function nothing(): void {}
