import { TailraceError } from '@tailrace/schemas'
import type { BrokerApi } from '../../api/broker-api.ts'
import { RequestSlots } from '../../cluster/routing/request-slots.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'

/** How often what is watched is computed. */
export const everyMs = 1_000
/** What is as old is computed anew. A timer may be a moment early, and must not wait for its next turn then. */
export const freshMs = everyMs - 10

/** Each is a request to every broker that leads a partition of the topic. */
const mostAtOnce = 16

/** A description of a topic in JSON. While nothing changes it is the same object. */
export interface DescribedTopic {
  readonly id: string
  readonly text: string
}

interface Entry {
  told: DescribedTopic | null
  /** Monotonic milliseconds. */
  askedAt: number
  asking: Promise<void> | null
}

/**
 * Descriptions of topics for all watchers of a broker: each topic is asked for once a second at most, however many
 * watch it. They show no rights: those of a session are applied to what is shown to it.
 */
export class TopicDescriptions {
  readonly #api: Pick<BrokerApi, 'describeTopic'>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #slots = new RequestSlots(mostAtOnce, Number.POSITIVE_INFINITY)
  readonly #entries = new Map<string, Entry>()

  constructor(api: Pick<BrokerApi, 'describeTopic'>, clock: Clock, log: Logger) {
    this.#api = api
    this.#clock = clock
    this.#log = log
  }

  /** The number of topics that are remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** The last that was told; null: nothing yet, or there is no such topic. */
  of(name: string): DescribedTopic | null {
    return this.#entries.get(name)?.told ?? null
  }

  /** Resolves when each of them has been asked for within the last second. Does not reject. */
  async refresh(names: Iterable<string>): Promise<void> {
    const now = this.#clock.monotonic()
    const asking: Promise<void>[] = []
    for (const name of names) {
      let entry = this.#entries.get(name)
      if (entry === undefined) {
        entry = { told: null, askedAt: Number.NEGATIVE_INFINITY, asking: null }
        this.#entries.set(name, entry)
      }
      if (entry.asking === null && now - entry.askedAt >= freshMs) entry.asking = this.#ask(name, entry)
      if (entry.asking !== null) asking.push(entry.asking)
    }
    await Promise.all(asking)
  }

  /**
   * Forgets those that nobody wants any more; not before a second has passed, so that a client that names others again
   * and again makes no more requests.
   */
  keep(wanted: ReadonlySet<string>): void {
    const now = this.#clock.monotonic()
    for (const [name, { asking, askedAt }] of this.#entries) {
      if (!wanted.has(name) && asking === null && now - askedAt >= freshMs) this.#entries.delete(name)
    }
  }

  async #ask(name: string, entry: Entry): Promise<void> {
    await this.#slots.run(async () => {
      entry.askedAt = this.#clock.monotonic()
      try {
        const description = await this.#api.describeTopic(name)
        const text = JSON.stringify(description)
        if (text !== entry.told?.text) entry.told = { id: description.id, text }
      } catch (error) {
        // Until a leader or a source answers again, the last description is the best that is known.
        if (!(error instanceof TailraceError)) this.#log.error({ err: error, topic: name }, 'describing a topic failed')
        else if (error.code === 'UNKNOWN_TOPIC') entry.told = null
      }
    })
    entry.asking = null
  }
}
