import { crc32c } from '@tailrace/schemas'
import type { TopicSummary } from '../cluster/broker-api.ts'
import type { Clock } from '../platform/clock.ts'

/** Many brokers may ask in one beat. */
const freshMs = 250

/** The list of topics with a digest, so that brokers below get it only when it has changed. */
export class TopicList {
  readonly #clock: Clock
  readonly #read: () => readonly TopicSummary[]
  #last: { at: number; topics: readonly TopicSummary[]; digest: string } | null = null

  constructor(clock: Clock, read: () => readonly TopicSummary[]) {
    this.#clock = clock
    this.#read = read
  }

  get(): { readonly topics: readonly TopicSummary[]; readonly digest: string } {
    const now = this.#clock.monotonic()
    if (this.#last !== null && now - this.#last.at < freshMs) return this.#last
    const topics = this.#read()
    const bytes = new TextEncoder().encode(JSON.stringify(topics))
    const digest = `${topics.length}-${bytes.length}-${crc32c(bytes, 0, bytes.length).toString(16)}`
    this.#last = { at: now, topics, digest }
    return this.#last
  }
}
