import { orAborted, withResolvers } from '@tailrace/client'
import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
import { Arrivals } from '../feed/arrivals.ts'
import type { Feed } from '../feed/feed.ts'
import { Feeds } from '../feed/feeds.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import { lagOf } from '../lag.ts'
import { type FeedSettings, feedSettings } from '../options.ts'
import type { Positions } from '../positions.ts'
import { positionAt } from '../seek-place.ts'
import { type TopicChoice, topicChoice } from './topic-choice.ts'
import { topicNames, watchTopicNames } from './topic-list.ts'
import { TopicPositions } from './topic-positions.ts'
import { type TopicRanges, topicRanges } from './topics-options.ts'
import {
  notRead,
  type TopicFeedsParts,
  type TopicPart,
  type TopicPlace,
  type TopicsLag,
  type TopicsSource,
} from './topics-source.ts'

/**
 * The batches of several topics in one queue, under one budget. Topics that match a pattern join while it runs, and
 * leave when they are deleted.
 */
export class TopicFeeds implements TopicsSource {
  onBegin: (() => void) | undefined
  onEnd: (() => void) | undefined
  readonly #parts: TopicFeedsParts
  /** Its budget is that of all topics together. */
  readonly #settings: FeedSettings
  readonly #choice: TopicChoice
  readonly #ranges: TopicRanges
  readonly #opener: Feeds
  readonly #feeds = new Map<string, Feed>()
  readonly #arrivals = new Arrivals(() => this.#isDone)
  readonly #ended = new AbortController()
  readonly #started = withResolvers<void>()
  #hasBegun = false
  /** It is known which topics there are. */
  #isListed = false
  #isOver = false
  /** Topics that join are paused, too. */
  #isPaused = false

  /** @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME */
  constructor(parts: TopicFeedsParts) {
    this.#parts = parts
    const { client, options, levelsOf, given, counts } = parts
    const { from: _from, to: _to, ...ofEach } = given
    this.#settings = feedSettings(ofEach, counts)
    this.#choice = topicChoice(parts.topics)
    this.#ranges = topicRanges(given)
    this.#opener = new Feeds(client, options, levelsOf, counts)
    this.#started.promise.catch(() => {})
  }

  get topics(): readonly string[] {
    return [...this.#feeds.keys()]
  }

  get lag(): TopicsLag {
    const topics = new Map([...this.#feeds].map(([topic, feed]) => [topic, lagOf(feed)]))
    return { total: [...topics.values()].reduce((sum, { total }) => sum + total, 0), topics }
  }

  get paused(): { readonly topic: string; readonly partition: PartitionNumber }[] {
    return [...this.#feeds].flatMap(([topic, { moves }]) => moves.paused.map((partition) => ({ topic, partition })))
  }

  get positions(): TopicPositions {
    if (!this.#isListed) return new TopicPositions(this.#ranges.from?.named ?? [])
    const all = [...this.#feeds].map(([topic, { positions }]): [string, Positions] => [topic, positions])
    // One that has just joined has no position yet, and `from` takes none that names no partition.
    return new TopicPositions(all.filter(([, positions]) => positions.size > 0))
  }

  whenStarted(): Promise<void> {
    this.#begin()
    return this.#started.promise
  }

  next(): Promise<ReceivedBatch | undefined> {
    this.#begin()
    return this.#arrivals.next()
  }

  release(batch: ReceivedBatch): void {
    batch.cursor.owner?.release(batch)
  }

  pause(parts?: readonly TopicPart[]): void {
    if (parts === undefined) this.#isPaused = true
    for (const [feed, partitions] of this.#named(parts)) feed.moves.pause(partitions)
  }

  resume(parts?: readonly TopicPart[]): void {
    if (parts === undefined) this.#isPaused = false
    for (const [feed, partitions] of this.#named(parts)) feed.moves.resume(partitions)
  }

  async seek({ topic, ...place }: TopicPlace): Promise<void> {
    // What is wrong with it is told before anything has started.
    positionAt(place)
    await this.whenStarted()
    await this.#feedOf(topic).seek(place)
  }

  fail(error: unknown, now = false): void {
    if (this.#isOver) return
    this.#arrivals.fail(error, now)
    this.#shutDown(error)
  }

  close(): void {
    this.#arrivals.close()
    this.#shutDown(new TailraceError('CLOSED'))
  }

  /** Without partitions all of them. @throws TailraceError UNKNOWN_TOPIC, when it comes to one that is not read here */
  *#named(parts: readonly TopicPart[] | undefined): Iterable<[Feed, readonly PartitionNumber[] | undefined]> {
    const all = [...this.#feeds.keys()].map((topic): TopicPart => ({ topic }))
    for (const { topic, partition } of parts ?? all)
      yield [this.#feedOf(topic), partition === undefined ? undefined : [partition]]
  }

  #feedOf(topic: string): Feed {
    const feed = this.#feeds.get(topic)
    if (feed === undefined) throw notRead(topic)
    return feed
  }

  get #isDone(): boolean {
    if (!this.#isListed || !this.#ranges.hasEnd) return false
    for (const { isDone } of this.#feeds.values()) if (!isDone) return false
    return true
  }

  #begin(): void {
    if (this.#hasBegun || this.#isOver) return
    this.#hasBegun = true
    this.onBegin?.()
    if (!this.#isOver) void this.#run()
  }

  async #run(): Promise<void> {
    const { client, lookMs } = this.#parts
    const { names, matches } = this.#choice
    const { signal } = this.#ended
    try {
      const found = matches === undefined ? [] : await topicNames(client, signal)
      if (this.#isOver) return
      this.#take([...names, ...found.filter(matches ?? never)], false)
      this.#isListed = true
      this.#arrivals.wake()
      await orAborted(Promise.all([...this.#feeds.values()].map((feed) => this.#startOf(feed))), signal)
      this.#started.resolve()
      if (matches === undefined || this.#ranges.hasEnd) return
      await watchTopicNames(client, lookMs, signal, (names) => this.#take(names.filter(matches), true))
    } catch (error) {
      this.fail(error)
    }
  }

  /** A topic may be deleted before it is read. */
  async #startOf(feed: Feed): Promise<void> {
    await feed.whenStarted().catch((error) => {
      if (this.#feeds.get(feed.topic) === feed) throw error
    })
  }

  /** Those that are not read yet are, from now on. */
  #take(topics: readonly string[], isLater: boolean): void {
    if (this.#isOver) return
    for (const topic of topics) {
      const range = this.#feeds.has(topic) ? undefined : this.#ranges.of(topic, isLater)
      if (range === undefined) continue
      const feed: Feed = this.#opener.open(topic, range, this.#settings, {
        arrivals: this.#arrivals,
        failed: (error, now) => {
          const mayLeave = TailraceError.from(error).code === 'UNKNOWN_TOPIC' && !this.#choice.names.includes(topic)
          if (mayLeave) this.#feeds.delete(topic)
          else this.fail(error, now)
          this.#arrivals.wake()
        },
        closed: () => {},
      })
      this.#feeds.set(topic, feed)
      if (this.#isPaused) feed.moves.pause(undefined)
      void feed.whenStarted().catch(() => {})
    }
  }

  #shutDown(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#started.reject(error)
    this.#ended.abort(new TailraceError('CLOSED'))
    for (const feed of this.#feeds.values()) feed.close()
    this.#opener.close()
    this.onEnd?.()
  }
}

const never = (): boolean => false
