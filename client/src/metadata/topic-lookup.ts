import { TailraceError } from '@tailrace/schemas'
import type { BrokerChoice } from '../broker-choice.ts'
import { worthTelling } from '../candidates.ts'
import type { ConnectionPool } from '../connection-pool.ts'
import { withRetries } from '../retries.ts'
import type { ClientSurroundings, Timer } from '../surroundings.ts'
import type { Metadata, TopicRoute } from './metadata.ts'

/** A lookup goes to the next broker after this: the first one may be frozen. */
export const LOOKUP_TIMEOUT_MS = 1_500
/** Of one lookup; the others are left to the next ones. */
const MOST_CREATED = 100
/**
 * When a broker does not know a topic, or knows another topic of its name, another broker may have created it a moment
 * ago.
 */
const UNKNOWN_TOPIC_GRACE_MS = 2_000

export interface TopicLookupParts {
  readonly metadata: Metadata
  readonly choice: BrokerChoice
  readonly pool: ConnectionPool
  /** Of the brokers that are told of: 'ws' or 'wss'. */
  readonly scheme: string
  /** Every topic that was looked up is looked up again so often. */
  readonly maxAgeMs: number
  /** The client shows a credential. */
  readonly isKnown: boolean
  readonly surroundings: ClientSurroundings
  /** Fires when the client closes. */
  readonly closing: AbortSignal
}

interface Refresh {
  readonly topics: readonly string[]
  readonly done: Promise<void>
}

/** Asks brokers where topics are led, and keeps the metadata of those that were asked for up to date. */
export class TopicLookup {
  readonly #parts: TopicLookupParts
  readonly #topics = new Set<string>()
  /** Topics that the next lookup asks to be created where they are missing. */
  readonly #toCreate = new Set<string>()
  readonly #listeners = new Set<() => void>()
  readonly #timer: Timer
  #refreshing: Refresh | undefined

  constructor(parts: TopicLookupParts) {
    this.#parts = parts
    this.#timer = parts.surroundings.every(parts.maxAgeMs, () => {
      if (this.#topics.size > 0) this.refresh([]).catch(() => {})
    })
  }

  /** As `topic` of Client. @throws TailraceError what that throws */
  topic(name: string, options: { timeoutMs: number; signal?: AbortSignal; create?: boolean }): Promise<TopicRoute> {
    const { surroundings, closing, metadata } = this.#parts
    const started = surroundings.monotonic()
    return withRetries(surroundings, closing, options, async () => {
      const known = metadata.topic(name)
      if (known !== undefined) return known
      if (options.create) this.#toCreate.add(name)
      await this.refresh([name])
      const found = metadata.topic(name)
      if (found !== undefined) return found
      if (surroundings.monotonic() - started > UNKNOWN_TOPIC_GRACE_MS) {
        this.#topics.delete(name)
        throw this.missing(name)
      }
      return undefined
    })
  }

  /** Why brokers do not tell of a topic. */
  missing(topic: string): TailraceError {
    const { metadata, isKnown } = this.#parts
    if (!metadata.denied.has(topic)) return new TailraceError('UNKNOWN_TOPIC', `"${topic}".`)
    const code = isKnown ? 'AUTHORIZATION_FAILED' : 'AUTHENTICATION_REQUIRED'
    return new TailraceError(code, `To describe topic "${topic}".`)
  }

  /**
   * Where `topics`, and all topics looked up before, are led now. Calls share a request that is under way.
   * @throws TailraceError CONNECTION_LOST, TIMED_OUT when no broker answers; CLOSED
   */
  async refresh(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#topics.add(topic)
    const running = this.#refreshing
    if (running !== undefined) {
      await running.done
      if (topics.every((topic) => running.topics.includes(topic))) return
    }
    this.#refreshing ??= this.#start()
    await this.#refreshing.done
  }

  /** Calls `listener` after each change of the metadata. Returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#timer.cancel()
  }

  #start(): Refresh {
    const topics = [...this.#topics]
    const create = [...this.#toCreate].slice(0, MOST_CREATED)
    for (const topic of create) this.#toCreate.delete(topic)
    const done = this.#lookUp(topics, create).finally(() => {
      this.#refreshing = undefined
    })
    return { topics, done }
  }

  async #lookUp(topics: readonly string[], create: readonly string[]): Promise<void> {
    const { metadata, choice, pool, scheme, closing } = this.#parts
    // Another broker first each time: one that is cut off from the rest keeps sending outdated metadata.
    choice.turn()
    let last: unknown
    for (const address of choice.candidates()) {
      if (closing.aborted) break
      try {
        const connection = await pool.get(address)
        const { fields } = await connection.request(
          'Metadata',
          { topics: [...topics], create: [...create] },
          { timeoutMs: LOOKUP_TIMEOUT_MS },
        )
        const before = metadata.version
        metadata.absorb(fields, topics, scheme, UNKNOWN_TOPIC_GRACE_MS)
        if (metadata.version !== before) for (const listener of [...this.#listeners]) listener()
        return
      } catch (error) {
        last = worthTelling(last, error)
      }
    }
    throw closing.aborted ? new TailraceError('CLOSED') : TailraceError.from(last)
  }
}
