import type { TailraceError } from '@tailrace/schemas'
import type { Feed } from '../feed/feed.ts'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import { type FromTopics, type TopicPlaces, TopicPositions, topicPlaces } from './topic-positions.ts'
import { notRead, type TopicsSource } from './topics-source.ts'

/** Several topics, what reads them being loaded with the first record that is asked for. */
export class LaterTopicFeeds implements TopicsSource {
  onBegin: (() => void) | undefined
  onEnd: (() => void) | undefined
  readonly #from: TopicPlaces | undefined
  readonly #load: () => Promise<TopicsSource>
  #opening: Promise<TopicsSource> | undefined
  #source: TopicsSource | undefined
  #isPaused = false
  #isClosed = false

  /**
   * `load`: may fail with CODE_NOT_LOADED or say what is wrong with the options, which the loop and `ready` tell.
   * @throws TailraceError INVALID_SETTING: `from`
   */
  constructor(from: FromTopics | undefined, load: () => Promise<TopicsSource>) {
    this.#from = topicPlaces(from, 'from')
    this.#load = load
  }

  get feeds(): ReadonlyMap<string, Feed> {
    return this.#source?.feeds ?? new Map()
  }

  get positions(): TopicPositions {
    return this.#source?.positions ?? new TopicPositions(this.#from?.named ?? [])
  }

  async whenStarted(): Promise<void> {
    await (await this.#opened()).whenStarted()
  }

  async next(): Promise<ReceivedBatch | undefined> {
    return (this.#source ?? (await this.#opened())).next()
  }

  release(batch: ReceivedBatch): void {
    this.#source?.release(batch)
  }

  pause(): void {
    this.#isPaused = true
    this.#source?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#source?.resume()
  }

  feedOf(topic: string): Feed {
    if (this.#source === undefined) throw notRead(topic)
    return this.#source.feedOf(topic)
  }

  /** Not before it has begun, hence not before it is loaded. */
  fail(error: TailraceError, now?: boolean): void {
    this.#source?.fail(error, now)
  }

  close(): void {
    this.#isClosed = true
    this.#source?.close()
  }

  #opened(): Promise<TopicsSource> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<TopicsSource> {
    const source = await this.#load()
    source.onBegin = this.onBegin
    source.onEnd = this.onEnd
    if (this.#isPaused) source.pause()
    if (this.#isClosed) source.close()
    this.#source = source
    return source
  }
}
