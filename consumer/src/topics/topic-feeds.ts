import { orAborted, withResolvers } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import { Arrivals } from '../feed/arrivals.ts'
import type { Feed } from '../feed/feed.ts'
import { Feeds } from '../feed/feeds.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import type { Positions } from '../positions.ts'
import { type TopicChoice, topicChoice } from './topic-choice.ts'
import { topicNames, watchTopicNames } from './topic-list.ts'
import { TopicPositions } from './topic-positions.ts'
import { type TopicRanges, topicRanges } from './topics-options.ts'
import { notRead, type TopicFeedsParts, type TopicsSource } from './topics-source.ts'

/**
 * The batches of several topics in one queue, under one budget. Topics that match a pattern join while it runs, and
 * leave when they are deleted.
 */
export class TopicFeeds implements TopicsSource {
  onBegin: (() => void) | undefined
  onEnd: (() => void) | undefined
  readonly #parts: TopicFeedsParts
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
    this.#choice = topicChoice(parts.topics)
    this.#ranges = topicRanges(parts.given)
    const { client, options, levelsOf, settings } = parts
    this.#opener = new Feeds(client, options, levelsOf, settings.counts)
    this.#started.promise.catch(() => {})
  }

  get feeds(): ReadonlyMap<string, Feed> {
    return this.#feeds
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

  pause(): void {
    this.#isPaused = true
    for (const feed of this.#feeds.values()) feed.moves.pause(undefined)
  }

  resume(): void {
    this.#isPaused = false
    for (const feed of this.#feeds.values()) feed.moves.resume(undefined)
  }

  feedOf(topic: string): Feed {
    const feed = this.#feeds.get(topic)
    if (feed === undefined) throw notRead(topic)
    return feed
  }

  fail(error: TailraceError, now = false): void {
    if (this.#isOver) return
    this.#arrivals.fail(error, now)
    this.#shutDown(error)
  }

  close(): void {
    this.#arrivals.close()
    this.#shutDown(new TailraceError('CLOSED'))
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
      this.fail(TailraceError.from(error))
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
    const { settings } = this.#parts
    for (const topic of topics) {
      const range = this.#feeds.has(topic) ? undefined : this.#ranges.of(topic, isLater)
      if (range === undefined) continue
      const feed: Feed = this.#opener.open(topic, range, settings, {
        arrivals: this.#arrivals,
        failed: (error, now) => {
          const mayLeave = error.code === 'UNKNOWN_TOPIC' && !this.#choice.names.includes(topic)
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

  #shutDown(error: TailraceError): void {
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
