import { type AnyTopic, throwIfAborted } from '@tailrace/client'
import { type Offset, TailraceError } from '@tailrace/schemas'
import { checkGroup, checkTopics } from '#group-checks'
import { memberParts } from '#member-parts'
import type { RecordMaker } from '../record.ts'
import { givenTopics } from '../topics/given-topics.ts'
import { type GroupCounts, newCounts } from './group-counts.ts'
import type { GroupMembers, GroupParts } from './group-members.ts'
import type { GroupOptions, GroupTopics, TopicPartition } from './group-options.ts'
import type { GroupPartition, GroupPosition } from './group-partition.ts'
import { GroupSubscription } from './group-subscription.ts'
import type { Handler } from './run/group-tasks.ts'
import type { RunOptions } from './run/run-options.ts'

/**
 * A group of consumers that share the partitions of topics: each partition is one member's at a time, and goes on where
 * its group has committed. At least once: what is not committed comes again, after a crash or at another member.
 */
export class ConsumerGroup<Data = string> {
  readonly name: string
  readonly #parts: GroupParts
  readonly #make: RecordMaker<Data>
  readonly #options: GroupOptions
  readonly #onClose: () => void
  readonly #counts = newCounts()
  readonly #closing = new AbortController()
  /** Undefined until the first one joins. */
  #members: GroupMembers<Data> | undefined

  /** @throws TailraceError INVALID_SETTING */
  constructor(name: string, options: GroupOptions, parts: GroupParts, make: RecordMaker<Data>, onClose: () => void) {
    checkGroup(name, options)
    this.name = name
    this.#options = { ...options }
    this.#parts = parts
    this.#make = make
    this.#onClose = onClose
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
    return this.#members?.assigned ?? []
  }

  /** Where the beats come from; null: it has not joined, or has left. */
  get heartbeats(): 'worker' | 'timers' | null {
    return this.#members?.beatsFrom ?? null
  }

  /**
   * The records of topics, by name or by pattern (`orders.*`), that this member of the group has to handle. It joins
   * when the loop begins.
   * @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME, CLOSED; everything else comes out of the loop
   */
  subscribe(topics: string | readonly string[]): GroupSubscription<Data>
  subscribe<One extends AnyTopic>(topic: One): GroupSubscription<One>
  subscribe(topics: GroupTopics): unknown {
    checkTopics(topics)
    throwIfAborted(this.#closing.signal)
    const wanted = givenTopics(topics)
    return new GroupSubscription(async () => (await this.#opened()).join(wanted))
  }

  /** The same as batches: `subscribe(topics).batches()`. @throws TailraceError as {@link subscribe} */
  batches(topics: string | readonly string[]): ReturnType<GroupSubscription<Data>['batches']>
  batches<One extends AnyTopic>(topic: One): ReturnType<GroupSubscription<One>['batches']>
  batches(topics: GroupTopics): unknown {
    return (this.subscribe(topics as string) as GroupSubscription<Data>).batches()
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
  async run(topics: GroupTopics, handler: Handler<never>, options?: RunOptions): Promise<void> {
    const [wanted, settings] = [givenTopics(topics), { ...options }]
    const members = await this.#opened()
    await members.run(wanted, handler, settings)
  }

  /**
   * Commits positions of partitions that this program has; without positions all that is done.
   * @throws TailraceError FENCED_MEMBER: a partition is another member's; TIMED_OUT
   */
  async commit(positions?: readonly GroupPosition[]): Promise<void> {
    if (positions === undefined) await this.#members?.commitDone()
    else await Promise.all(positions.map((one) => this.#having(one).commit(one)))
  }

  /** Hands out nothing of these partitions until `resume`. They stay its own. @throws TailraceError FENCED_MEMBER */
  pause(...partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#having(one).pause(one)
  }

  /** @throws TailraceError FENCED_MEMBER */
  resume(...partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#having(one).resume(one)
  }

  /**
   * Reads on from an offset. The committed position never goes back by that: `tailrace group reset` moves it.
   * @throws TailraceError FENCED_MEMBER: the partition is not this member's; INVALID_SETTING
   */
  seek(partition: TopicPartition, offset: Offset): void {
    this.#having(partition).seek(partition, offset)
  }

  /**
   * Hands out nothing more, waits for what is being handled (for 5 s at most), commits what is done, and leaves the
   * group. Never rejects. Inside of a loop, leave that first.
   */
  async close(): Promise<void> {
    this.#closing.abort(new TailraceError('CLOSED'))
    await this.#members?.close()
    this.#onClose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What its members are, loaded with the first one. @throws TailraceError CLOSED, CODE_NOT_LOADED, INVALID_SETTING */
  async #opened(): Promise<GroupMembers<Data>> {
    const closing = this.#closing.signal
    throwIfAborted(closing)
    const { GroupMembers } = await memberParts(closing)
    this.#members ??= new GroupMembers({
      ...this.#parts,
      make: this.#make,
      group: this.name,
      given: this.#options,
      counts: this.#counts,
      closing,
    })
    return this.#members
  }

  /** @throws TailraceError FENCED_MEMBER: no member has the partition */
  #having(place: TopicPartition): GroupMembers<Data> {
    const members = this.#members
    if (members?.find(place) !== undefined) return members
    const { topic, partition } = place
    throw new TailraceError('FENCED_MEMBER', `"${topic}" partition ${partition} is not assigned to this member.`)
  }
}
