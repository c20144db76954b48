import { throwIfAborted } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { ReceivedBatch } from '../feed/received-batch.ts'
import { type FromTopics, type TopicPlaces, TopicPositions, topicPlaces } from './topic-positions.ts'
import { notRead, type TopicPart, type TopicPlace, type TopicsLag, type TopicsSource } from './topics-source.ts'

/** Several topics, what reads them being loaded with the first record that is asked for. */
export class LaterTopicFeeds implements TopicsSource {
  onBegin: (() => void) | undefined
  onEnd: (() => void) | undefined
  readonly #from: TopicPlaces | undefined
  readonly #load: (ended: AbortSignal) => Promise<TopicsSource>
  /** It was ended before it was loaded. */
  readonly #ended = new AbortController()
  #opening: Promise<TopicsSource> | undefined
  #source: TopicsSource | undefined
  #isPaused = false

  /**
   * `load`: may fail with CODE_NOT_LOADED or say what is wrong with the options, which the loop and `ready` tell. It
   * ends with the signal.
   * @throws TailraceError INVALID_SETTING: `from`
   */
  constructor(from: FromTopics | undefined, load: (ended: AbortSignal) => Promise<TopicsSource>) {
    this.#from = topicPlaces(from, 'from')
    this.#load = load
  }

  get topics(): readonly string[] {
    return this.#source?.topics ?? []
  }

  get lag(): TopicsLag {
    return this.#source?.lag ?? { total: 0, topics: new Map() }
  }

  get paused(): TopicsSource['paused'] {
    return this.#source?.paused ?? []
  }

  get positions(): TopicPositions {
    return this.#source?.positions ?? new TopicPositions(this.#from?.named ?? [])
  }

  async whenStarted(): Promise<void> {
    await (await this.#opened()).whenStarted()
  }

  async next(): Promise<ReceivedBatch | undefined> {
    try {
      if (this.#source === undefined) await this.#opened()
    } catch (error) {
      // One that is closed while it is loaded has an end, as one that has begun.
      if (TailraceError.from(error).code !== 'CLOSED') throw error
    }
    return this.#source?.next()
  }

  release(batch: ReceivedBatch): void {
    this.#source?.release(batch)
  }

  pause(parts?: readonly TopicPart[]): void {
    if (this.#source === undefined) this.#hold(parts, true)
    else this.#source.pause(parts)
  }

  resume(parts?: readonly TopicPart[]): void {
    if (this.#source === undefined) this.#hold(parts, false)
    else this.#source.resume(parts)
  }

  async seek(place: TopicPlace): Promise<void> {
    const wanted = { ...place }
    await (await this.#opened()).seek(wanted)
  }

  fail(error: unknown, now?: boolean): void {
    if (this.#source === undefined) this.#ended.abort(error)
    else this.#source.fail(error, now)
  }

  close(): void {
    if (this.#source === undefined) this.#ended.abort(new TailraceError('CLOSED'))
    else this.#source.close()
  }

  /** Before it is loaded no topic is read, and all can be paused. @throws TailraceError UNKNOWN_TOPIC */
  #hold(parts: readonly TopicPart[] | undefined, isPaused: boolean): void {
    const [first] = parts ?? []
    if (first !== undefined) throw notRead(first.topic)
    if (parts === undefined) this.#isPaused = isPaused
  }

  #opened(): Promise<TopicsSource> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<TopicsSource> {
    this.onBegin?.()
    try {
      throwIfAborted(this.#ended.signal)
      const source = await this.#load(this.#ended.signal)
      throwIfAborted(this.#ended.signal)
      source.onEnd = this.onEnd
      if (this.#isPaused) source.pause()
      this.#source = source
      return source
    } catch (error) {
      this.onEnd?.()
      throw error
    }
  }
}
