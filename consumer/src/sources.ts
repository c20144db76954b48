import { abortError, type Client, type ClientSurroundings } from '@tailrace/client'
import { checkTopicName, type TailraceError } from '@tailrace/schemas'
import { givenRange } from '#given-range'
import { openTopics } from '#open-topics'
import type { CascadeLevels } from './cascade-levels.ts'
import { Feed } from './feed/feed.ts'
import type { LevelsOf } from './feed/other-routes.ts'
import type { ReceivedCounts } from './feed/received-counts.ts'
import { type ConsumerOptions, feedSettings, type SubscribeOptions } from './options.ts'
import type { Topics } from './topics/topic-choice.ts'
import type { TopicsOptions } from './topics/topics-options.ts'
import type { TopicsSource } from './topics/topics-source.ts'

/** Between two looks for topics, as often as metadata are looked up by default. */
const LOOK_MS = 15_000

/** What ends with the consumer. */
interface Kept {
  onBegin: (() => void) | undefined
  onEnd: (() => void) | undefined
  fail(error: TailraceError, now: boolean): void
  close(): void
}

export interface SourcesParts {
  readonly client: Client
  readonly options: ConsumerOptions
  readonly counts: ReceivedCounts
  /** Undefined: cascade brokers are not looked for. */
  readonly levels: CascadeLevels | undefined
}

/** What the loops and runs of a consumer read from, each until it ends, its signal fires or the consumer closes. */
export class Sources {
  readonly #parts: SourcesParts
  readonly #begun = new Set<Kept>()
  #isClosed = false

  constructor(parts: SourcesParts) {
    this.#parts = parts
  }

  get surroundings(): ClientSurroundings {
    return this.#parts.client.surroundings
  }

  /** Undefined: cascade brokers are not looked for. */
  get levelsOf(): LevelsOf | undefined {
    const { levels } = this.#parts
    return levels && ((topic) => levels.of(topic))
  }

  /** @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME */
  topic(name: string, options: SubscribeOptions): Feed {
    checkTopicName(name)
    const { client, counts } = this.#parts
    const settings = feedSettings(options, counts)
    const feed = new Feed(client, name, givenRange(options), settings, this.levelsOf)
    this.#keep(feed, options.signal)
    return feed
  }

  /** @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME: in a page some of them come out of the loop */
  topics(topics: Topics, options: TopicsOptions): TopicsSource {
    const { client, options: own, counts } = this.#parts
    const feeds = openTopics({
      client,
      options: own,
      levelsOf: this.levelsOf,
      topics,
      given: options,
      counts,
      lookMs: own.metadataMaxAgeMs ?? LOOK_MS,
    })
    this.#keep(feeds, options.signal)
    return feeds
  }

  close(): void {
    this.#isClosed = true
    for (const source of [...this.#begun]) source.close()
  }

  #keep(source: Kept, signal: AbortSignal | undefined): void {
    const abort = (): void => source.fail(abortError(signal!), true)
    source.onBegin = () => {
      this.#begun.add(source)
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) abort()
      else if (this.#isClosed) source.close()
    }
    source.onEnd = () => {
      this.#begun.delete(source)
      signal?.removeEventListener('abort', abort)
    }
  }
}
