import {
  type AnyTopic,
  type Client,
  type ClientOptions,
  clientOptionsOf,
  createTopicLike,
  isTopic,
  type OpenTelemetryApi,
  throwIfAborted,
} from '@tailrace/client'
import { type Offset, TailraceError } from '@tailrace/schemas'
import { type MemberParts, memberParts } from '#member-parts'
import type { Feeds } from '../feed/feeds.ts'
import type { ReceivedCounts } from '../feed/received-counts.ts'
import type { Levels } from '../levels.ts'
import { onUnreadableOf } from '../readable-records.ts'
import { bytesRecord, type ConsumerRecord, type RecordMaker } from '../record.ts'
import { RecordsBatch } from '../records-batch.ts'
import type { DeadLetterSink } from '../run/handler-run.ts'
import { decodedRecord, readAt, typedRecordMaker } from '../typed-record.ts'
import type { Lease } from './beats/beat-messages.ts'
import { type GroupCounts, newCounts } from './group-counts.ts'
import type { GroupMember } from './group-member.ts'
import {
  checkGroupName,
  FINISH_MS,
  type GroupOptions,
  type GroupSettings,
  type GroupTopics,
  groupSettings,
  groupTopics,
  type TopicPartition,
} from './group-options.ts'
import { GroupSubscription } from './group-subscription.ts'
import type { LeasedPartition } from './leases/leased-partition.ts'
import type { DeadLetters } from './run/dead-letters.ts'
import type { Handler } from './run/group-tasks.ts'
import { type RunOptions, runSettings } from './run/run-options.ts'

const RECORD_MS = 60_000
const CREATE_MS = 15_000

/** A partition of a group that this program has. */
export interface GroupPartition extends TopicPartition {
  readonly token: number
  /** The offset before which everything is done. */
  readonly position: Offset
  /** The committed position; null: there is none. */
  readonly committed: Offset | null
  /** Records behind the position; 0 while the end is not known. */
  readonly lag: number
  readonly isPaused: boolean
}

/** A position to commit. */
export interface GroupPosition extends TopicPartition {
  /** The offset that is read next. */
  readonly offset: Offset
  readonly metadata?: string
}

export interface GroupParts<Data> {
  readonly client: Client
  readonly options: ClientOptions & { readonly rack?: string; readonly openTelemetry?: OpenTelemetryApi }
  readonly levelsOf: (topic: string) => Levels | undefined
  readonly make: RecordMaker<Data>
  readonly counts: ReceivedCounts
  readonly onClose: () => void
}

/**
 * A group of consumers that share the partitions of topics: each partition is one member's at a time, and goes on where
 * its group has committed. At least once: what is not committed comes again, after a crash or at another member.
 */
export class ConsumerGroup<Data = string> {
  readonly name: string
  readonly #parts: GroupParts<Data>
  readonly #settings: GroupSettings
  readonly #onUnreadable
  readonly #counts = newCounts()
  readonly #members = new Set<GroupMember<unknown>>()
  /** Undefined until the first member is made. */
  #feeds: Feeds | undefined
  readonly #deadLetters: DeadLetters[] = []
  readonly #closing = new AbortController()

  /** @throws TailraceError INVALID_SETTING */
  constructor(name: string, options: GroupOptions, parts: GroupParts<Data>) {
    checkGroupName(name)
    this.name = name
    this.#parts = parts
    this.#settings = groupSettings(options, parts.options.rack ?? '')
    this.#onUnreadable = onUnreadableOf(options.onUnreadable)
    const { signal } = options
    if (signal?.aborted) void this.close()
    else signal?.addEventListener('abort', () => void this.close(), { once: true })
  }

  /** What has happened so far. */
  get counts(): Readonly<GroupCounts> {
    return { ...this.#counts }
  }

  /** The partitions that this program has at present. */
  get assigned(): readonly GroupPartition[] {
    return this.#all().map(([, one]) => {
      const { lease, position, committed, lag, isPaused } = one
      const { topic, partition, token } = lease
      return { topic, partition, token, position, committed: committed < 0 ? null : committed, lag, isPaused }
    })
  }

  /** Where the beats come from; null: it has not joined, or has left. */
  get heartbeats(): 'worker' | 'timers' | null {
    const [member] = this.#members
    return member?.beatsFrom ?? null
  }

  /**
   * The records of topics, by name or by pattern (`orders.*`), that this member of the group has to handle. It joins
   * when the loop begins.
   * @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME, CLOSED; everything else comes out of the loop
   */
  subscribe(topics: string | readonly string[]): GroupSubscription<Data>
  subscribe<One extends AnyTopic>(topic: One): GroupSubscription<One>
  subscribe(topics: string | readonly string[] | AnyTopic): unknown {
    if (isTopic(topics)) return this.#subscribe(topics.name, typedRecordMaker(topics))
    return this.#subscribe(topics, this.#parts.make)
  }

  /** The same as batches: `subscribe(topics).batches()`. @throws TailraceError as {@link subscribe} */
  batches(topics: string | readonly string[]): ReturnType<GroupSubscription<Data>['batches']>
  batches<One extends AnyTopic>(topic: One): ReturnType<GroupSubscription<One>['batches']>
  batches(topics: string | readonly string[] | AnyTopic): unknown {
    return (isTopic(topics) ? this.subscribe(topics) : this.subscribe(topics)).batches()
  }

  /**
   * Calls a handler for each record, and commits what is done without a gap. A handler that throws is called again
   * after a while, and other records go on; after the last attempt the record goes to the dead letters. A record that
   * the codec of a typed topic refuses goes there at once, as it is. Resolves after `close`.
   * @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME; as the loop of {@link subscribe}; what a handler throws
   * when there are no dead letters; why a dead letter could not be written
   */
  run(topics: string | readonly string[], handler: Handler<Data>, options?: RunOptions): Promise<void>
  run<One extends AnyTopic>(topic: One, handler: Handler<One>, options?: RunOptions): Promise<void>
  async run(topics: string | readonly string[] | AnyTopic, handler: unknown, options?: RunOptions) {
    if (!isTopic(topics))
      return this.#run(topics, this.#parts.make, (record) => record, handler as Handler<Data>, options)
    // As bytes until its turn, so that a dead letter has what could not be read.
    const read = (record: ConsumerRecord<Uint8Array>) => readAt(record, () => decodedRecord(topics, record))
    return this.#run(topics.name, bytesRecord, read, handler as Handler<unknown>, options)
  }

  async #run<Held, Read>(
    topics: string | readonly string[],
    make: RecordMaker<Held>,
    read: (record: ConsumerRecord<Held>) => ConsumerRecord<Read>,
    handler: Handler<Read>,
    options: RunOptions = {},
  ): Promise<void> {
    const wanted = groupTopics(topics)
    const settings = runSettings(options)
    if (typeof handler !== 'function') throw new TailraceError('INVALID_SETTING', 'handler is not a function.')
    this.#checkOpen()
    const parts = await memberParts()
    const member = this.#join(parts, wanted, make)
    const deadLetters = this.#deadLettersOf(parts, settings.deadLetters)
    const bury: DeadLetterSink = (record, attempts, error) => deadLetters.bury(record, attempts, error)
    const run = new parts.HandlerRun({
      source: new parts.GroupTasks<Held, Read>({ member, read, counts: this.#counts }),
      settings,
      handler,
      group: this.name,
      openTelemetry: this.#parts.options.openTelemetry,
      deadLetter: settings.deadLetters === false ? undefined : bury,
      counts: this.#counts,
      surroundings: this.#parts.client.surroundings,
    })
    try {
      await run.run()
    } finally {
      this.#members.delete(member)
      await deadLetters.close()
    }
  }

  /**
   * Commits positions of partitions that this program has; without positions all that is done.
   * @throws TailraceError FENCED_MEMBER: a partition is another member's; TIMED_OUT
   */
  async commit(positions?: readonly GroupPosition[]): Promise<void> {
    if (positions === undefined) {
      await Promise.all([...this.#members].map((member) => member.commitDone()))
      return
    }
    const commits = positions.map(({ topic, partition, offset, metadata = '' }) => {
      const [member, held] = this.#find({ topic, partition })
      return member.committer.commit(held, { offset, term: 0, metadata })
    })
    await Promise.all(commits)
  }

  /** Hands out nothing of these partitions until `resume`. They stay its own. @throws TailraceError FENCED_MEMBER */
  pause(...partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.#find(place)[1].isPaused = true
  }

  /** @throws TailraceError FENCED_MEMBER */
  resume(...partitions: readonly TopicPartition[]): void {
    for (const place of partitions) {
      const [member, held] = this.#find(place)
      member.resume(held)
    }
  }

  /**
   * Reads on from an offset. The committed position never goes back by that: `tailrace group reset` moves it.
   * @throws TailraceError FENCED_MEMBER: the partition is not this member's; INVALID_SETTING
   */
  seek({ topic, partition }: TopicPartition, offset: Offset): void {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new TailraceError('INVALID_SETTING', `offset: ${String(offset)} is not a whole number from 0 on.`)
    }
    const [member, held] = this.#find({ topic, partition })
    member.seek(held, offset)
  }

  /**
   * Hands out nothing more, waits for what is being handled (for 5 s at most), commits what is done, and leaves the
   * group. Never rejects. Inside of a loop, leave that first.
   */
  async close(): Promise<void> {
    this.#closing.abort(new TailraceError('CLOSED'))
    await Promise.all([...this.#members].map((member) => member.close(FINISH_MS)))
    await Promise.all(this.#deadLetters.map((one) => one.close().catch(() => {})))
    this.#feeds?.close()
    this.#parts.onClose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #subscribe<Held>(topics: string | readonly string[], make: RecordMaker<Held>): GroupSubscription<Held> {
    const wanted = groupTopics(topics)
    this.#checkOpen()
    return new GroupSubscription(async () => this.#join(await memberParts(), wanted, make), this.#counts)
  }

  #join<Held>(parts: MemberParts, topics: GroupTopics, make: RecordMaker<Held>): GroupMember<Held> {
    this.#checkOpen()
    // Both would take the partitions from each other.
    if (this.#settings.instance !== '' && this.#members.size > 0) {
      throw new TailraceError('INVALID_SETTING', 'instanceId: a group with one has one loop, or one run, at a time.')
    }
    const { client, options, levelsOf } = this.#parts
    this.#feeds ??= new parts.Feeds(client, options, levelsOf, this.#parts.counts)
    const member = new parts.GroupMember<Held>({
      group: this.name,
      topics,
      settings: this.#settings,
      client,
      options,
      feeds: this.#feeds,
      counts: this.#counts,
      batchOf: (topic, received) => new RecordsBatch(topic, received, make, this.#onUnreadable),
      recordAt: (lease, offset) => this.#recordAt(parts, lease, offset, make),
      onClose: () => this.#members.delete(member),
    })
    this.#members.add(member)
    return member
  }

  async #recordAt<Held>(
    { readPlace, readResult, readSettings }: MemberParts,
    { topic, topicId, partition }: Lease,
    offset: Offset,
    make: RecordMaker<Held>,
  ): Promise<ConsumerRecord<Held> | undefined> {
    const place = { partition, offset, topicId }
    const settings = readSettings({ timeoutMs: RECORD_MS, maxBytes: 1 })
    try {
      const answer = await readPlace(this.#parts.client, topic, place, settings, this.#closing.signal)
      const { records } = readResult(topic, place, answer, make, this.#onUnreadable)
      return records.find((record) => record.offset === offset)
    } catch (error) {
      if (TailraceError.from(error).code === 'OFFSET_OUT_OF_RANGE') return undefined
      throw error
    }
  }

  #deadLettersOf(parts: MemberParts, topic: string | false | undefined): DeadLetters {
    const { client, options } = this.#parts
    const made = new parts.DeadLetters({
      group: this.name,
      topic: topic === false ? undefined : topic,
      options: clientOptionsOf(options),
      now: client.surroundings.now,
      createTopic: (name, like) => createTopicLike(client, { name, like }, { timeoutMs: CREATE_MS }),
    })
    this.#deadLetters.push(made)
    return made
  }

  #all(): [GroupMember<unknown>, LeasedPartition<unknown>][] {
    const held = (member: GroupMember<unknown>) => member.assignment.partitions.filter(({ isHeld }) => isHeld)
    return [...this.#members].flatMap((member) => {
      return held(member).map((one): [GroupMember<unknown>, LeasedPartition<unknown>] => [member, one])
    })
  }

  #find({ topic, partition }: TopicPartition): [GroupMember<unknown>, LeasedPartition<unknown>] {
    const found = this.#all().find(([, { lease }]) => lease.topic === topic && lease.partition === partition)
    if (found !== undefined) return found
    throw new TailraceError('FENCED_MEMBER', `"${topic}" partition ${partition} is not assigned to this member.`)
  }

  #checkOpen(): void {
    throwIfAborted(this.#closing.signal)
  }
}
