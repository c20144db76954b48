import { crc32c } from '@tailrace/schemas'
import type { BrokerApi, TopicSummary } from '../../api/broker-api.ts'
import type { Clock } from '../../platform/clock.ts'
import type { TopicPage } from '../wire/cascade-messages.ts'

/** Many brokers may ask in one beat. */
const freshMs = 250
/** In one answer: with the longest names, well below the limit of a frame's header. */
const mostTopics = 5_000

/** The list of topics with a digest, so that brokers below ask for it only when it has changed. */
export class TopicList {
  readonly #clock: Clock
  readonly #api: Pick<BrokerApi, 'listTopics' | 'topicsVersion'>
  #last: { at: number; version: number; topics: readonly TopicSummary[]; digest: string } | null = null

  constructor(clock: Clock, api: Pick<BrokerApi, 'listTopics' | 'topicsVersion'>) {
    this.#clock = clock
    this.#api = api
  }

  get(): { readonly version: number; readonly topics: readonly TopicSummary[]; readonly digest: string } {
    const now = this.#clock.monotonic()
    const version = this.#api.topicsVersion()
    if (this.#last !== null && now - this.#last.at < freshMs && version === this.#last.version) return this.#last
    const topics = this.#api.listTopics()
    const bytes = new TextEncoder().encode(JSON.stringify(topics))
    const digest = `${topics.length}-${bytes.length}-${crc32c(bytes, 0, bytes.length).toString(16)}`
    this.#last = { at: now, version, topics, digest }
    return this.#last
  }

  /** Topics behind the first `from`. */
  page(from: number): TopicPage {
    const { version, topics, digest } = this.get()
    return { version, digest, total: topics.length, topics: topics.slice(from, from + mostTopics) }
  }
}
