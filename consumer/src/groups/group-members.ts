import {
  type Client,
  type ClientOptions,
  clientOptionsOf,
  isTopic,
  type OpenTelemetryApi,
  throwIfAborted,
} from '@tailrace/client'
import { createTopicLike } from '@tailrace/client/topic-creation'
import { type Offset, TailraceError } from '@tailrace/schemas'
import { decodedRecord, readAt } from '../decoded-record.ts'
import { Feeds } from '../feed/feeds.ts'
import type { LevelsOf } from '../feed/other-routes.ts'
import type { ReceivedCounts } from '../feed/received-counts.ts'
import { readPlace } from '../point-read.ts'
import { readSettings } from '../read-options.ts'
import { readResult } from '../read-result.ts'
import { type OnUnreadable, onUnreadableOf } from '../readable-records.ts'
import { bytesRecord, type ConsumerRecord, type RecordMaker } from '../record.ts'
import { RecordsBatch } from '../records-batch.ts'
import { type DeadLetterSink, HandlerRun } from '../run/handler-run.ts'
import { typedRecordMaker } from '../typed-record.ts'
import type { Lease } from './beats/beat-messages.ts'
import type { GroupCounts } from './group-counts.ts'
import { GroupMember } from './group-member.ts'
import {
  checkGroupName,
  type GroupOptions,
  type GroupSettings,
  type GroupTopics,
  groupSettings,
  type TopicPartition,
  wantedTopics,
} from './group-options.ts'
import type { GroupPartition, GroupPosition } from './group-partition.ts'
import { type HandOut, handOut } from './hand-out.ts'
import type { LeasedPartition } from './leases/leased-partition.ts'
import { DeadLetters } from './run/dead-letters.ts'
import { GroupTasks, type Handler } from './run/group-tasks.ts'
import { type RunOptions, runSettings } from './run/run-options.ts'

const RECORD_MS = 60_000
const CREATE_MS = 15_000

/** What all groups of a consumer have in common. */
export interface GroupParts {
  readonly client: Client
  readonly options: ClientOptions & { readonly rack?: string; readonly openTelemetry?: OpenTelemetryApi }
  /** Undefined: cascade brokers are not looked for. */
  readonly levelsOf: LevelsOf | undefined
  readonly received: ReceivedCounts
}

export interface GroupMembersParts<Data> extends GroupParts {
  readonly make: RecordMaker<Data>
  readonly group: string
  readonly given: GroupOptions
  readonly counts: GroupCounts
  readonly closing: AbortSignal
}

/** A partition, and the member that has it. */
export type HeldPartition = readonly [GroupMember<unknown>, LeasedPartition<unknown>]

/** The members that a program has in a group: one for each loop, and one for each `run`. */
export class GroupMembers<Data> {
  readonly #parts: GroupMembersParts<Data>
  readonly #settings: GroupSettings
  readonly #onUnreadable: OnUnreadable
  readonly #feeds: Feeds
  readonly #members = new Set<GroupMember<unknown>>()
  readonly #deadLetters: DeadLetters[] = []

  /** @throws TailraceError INVALID_SETTING */
  constructor(parts: GroupMembersParts<Data>) {
    const { client, options, levelsOf, received, group, given } = parts
    checkGroupName(group)
    this.#parts = parts
    this.#settings = groupSettings(given, options.rack ?? '')
    this.#onUnreadable = onUnreadableOf(given.onUnreadable)
    this.#feeds = new Feeds(client, options, levelsOf, received)
  }

  get assigned(): GroupPartition[] {
    return this.#all().map(([, one]) => {
      const { lease, position, committed, lag, isPaused } = one
      const { topic, partition, token } = lease
      return { topic, partition, token, position, committed: committed < 0 ? null : committed, lag, isPaused }
    })
  }

  /** Null: there is no member. */
  get beatsFrom(): 'worker' | 'timers' | null {
    const [member] = this.#members
    return member?.beatsFrom ?? null
  }

  /** Undefined: no member has it. */
  find({ topic, partition }: TopicPartition): HeldPartition | undefined {
    return this.#all().find(([, { lease }]) => lease.topic === topic && lease.partition === partition)
  }

  /**
   * Joins for a loop.
   * @throws TailraceError CLOSED, INVALID_TOPIC_NAME; INVALID_SETTING, also for a second one under an `instanceId`
   */
  join(topics: GroupTopics): HandOut<unknown> {
    const make: RecordMaker<unknown> = isTopic(topics) ? typedRecordMaker(topics) : this.#parts.make
    return handOut<unknown>(this.#join(topics, make), this.#parts.counts)
  }

  /** @throws TailraceError as {@link join}; what the handler throws when there are no dead letters */
  run(topics: GroupTopics, handler: unknown, options?: RunOptions): Promise<void> {
    if (!isTopic(topics))
      return this.#run(topics, this.#parts.make, (record) => record, handler as Handler<Data>, options)
    // As bytes until its turn, so that a dead letter has what could not be read.
    const read = (record: ConsumerRecord<Uint8Array>) => readAt(record, () => decodedRecord(topics, record))
    return this.#run(topics, bytesRecord, read, handler as Handler<unknown>, options)
  }

  async #run<Held, Read>(
    topics: GroupTopics,
    make: RecordMaker<Held>,
    read: (record: ConsumerRecord<Held>) => ConsumerRecord<Read>,
    handler: Handler<Read>,
    options: RunOptions = {},
  ): Promise<void> {
    const settings = runSettings(options)
    if (typeof handler !== 'function') throw new TailraceError('INVALID_SETTING', 'handler is not a function.')
    const member = this.#join(topics, make)
    const deadLetters = this.#deadLettersOf(settings.deadLetters)
    const { group, counts, client, options: ofConsumer } = this.#parts
    const bury: DeadLetterSink = (record, attempts, error) => deadLetters.bury(record, attempts, error)
    const run = new HandlerRun({
      source: new GroupTasks<Held, Read>({ member, read, counts }),
      settings,
      handler,
      group,
      openTelemetry: ofConsumer.openTelemetry,
      deadLetter: settings.deadLetters === false ? undefined : bury,
      counts,
      surroundings: client.surroundings,
    })
    try {
      await run.run()
    } finally {
      this.#members.delete(member)
      await deadLetters.close()
    }
  }

  /** The next four: of a partition that {@link find} has found. @throws TailraceError FENCED_MEMBER, TIMED_OUT */
  async commit({ topic, partition, offset, metadata = '' }: GroupPosition): Promise<void> {
    const [member, held] = this.find({ topic, partition })!
    await member.committer.commit(held, { offset, term: 0, metadata })
  }

  pause(place: TopicPartition): void {
    this.find(place)![1].isPaused = true
  }

  resume(place: TopicPartition): void {
    const [member, held] = this.find(place)!
    member.resume(held)
  }

  /** @throws TailraceError INVALID_SETTING */
  seek(place: TopicPartition, offset: Offset): void {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new TailraceError('INVALID_SETTING', `offset: ${String(offset)} is not a whole number from 0 on.`)
    }
    const [member, held] = this.find(place)!
    member.seek(held, offset)
  }

  async commitDone(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.commitDone()))
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.close()))
    await Promise.all(this.#deadLetters.map((one) => one.close().catch(() => {})))
    this.#feeds.close()
  }

  #join<Held>(given: GroupTopics, make: RecordMaker<Held>): GroupMember<Held> {
    const topics = wantedTopics(given)
    const { group, client, options, counts, closing } = this.#parts
    const settings = this.#settings
    throwIfAborted(closing)
    // Both would take the partitions from each other.
    if (settings.instance !== '' && this.#members.size > 0) {
      throw new TailraceError('INVALID_SETTING', 'instanceId: a group with one has one loop, or one run, at a time.')
    }
    const member = new GroupMember<Held>({
      group,
      topics,
      settings,
      client,
      options,
      feeds: this.#feeds,
      counts,
      batchOf: (topic, received) => new RecordsBatch(topic, received, make, this.#onUnreadable),
      recordAt: (lease, offset) => this.#recordAt(lease, offset, make),
      onClose: () => this.#members.delete(member),
    })
    this.#members.add(member)
    return member
  }

  async #recordAt<Held>(
    { topic, topicId, partition }: Lease,
    offset: Offset,
    make: RecordMaker<Held>,
  ): Promise<ConsumerRecord<Held> | undefined> {
    const place = { partition, offset, topicId }
    const settings = readSettings({ timeoutMs: RECORD_MS, maxBytes: 1 })
    try {
      const answer = await readPlace(this.#parts.client, topic, place, settings, this.#parts.closing)
      const { records } = readResult(topic, place, answer, make, this.#onUnreadable)
      return records.find((record) => record.offset === offset)
    } catch (error) {
      if (TailraceError.from(error).code === 'OFFSET_OUT_OF_RANGE') return undefined
      throw error
    }
  }

  #deadLettersOf(topic: string | false | undefined): DeadLetters {
    const { client, options, group } = this.#parts
    const made = new DeadLetters({
      group,
      topic: topic === false ? undefined : topic,
      options: clientOptionsOf(options),
      now: client.surroundings.now,
      createTopic: (name, like) => createTopicLike(client, { name, like }, { timeoutMs: CREATE_MS }),
    })
    this.#deadLetters.push(made)
    return made
  }

  #all(): HeldPartition[] {
    const held = (member: GroupMember<unknown>) => member.assignment.partitions.filter(({ isHeld }) => isHeld)
    return [...this.#members].flatMap((member) => held(member).map((one): HeldPartition => [member, one]))
  }
}
