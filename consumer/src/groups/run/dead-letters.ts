import { type ClientOptions, loaded } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { ConsumerRecord } from '../../record.ts'
import { DEAD_LETTER_PREFIX } from './dead-letter-prefix.ts'

const MOST_REASON_CHARACTERS = 1_000

/** Where a record was that could not be handled. */
export interface DeadLetterFacts {
  readonly group: string
  readonly attempts: number
  readonly error: unknown
  /** Milliseconds since 1970. */
  readonly at: number
}

type Headers<Data> = ConsumerRecord<Data>['headers']

/**
 * The headers of a dead letter: those of the record, and why it is there, from where, how often it was tried, when and
 * by which group. A record that has been a dead letter before tells of the last time.
 */
export function deadLetterHeaders<Data>(
  { topic, partition, offset, timestamp, headers }: ConsumerRecord<Data>,
  { group, attempts, error, at }: DeadLetterFacts,
): Headers<Data | string> {
  const own = Object.entries(headers).filter(([name]) => !name.startsWith(DEAD_LETTER_PREFIX))
  const { code, message } = error instanceof TailraceError ? error : { code: nameOf(error), message: textOf(error) }
  const facts = {
    reason: message.slice(0, MOST_REASON_CHARACTERS).toWellFormed(),
    error: String(code).slice(0, MOST_REASON_CHARACTERS).toWellFormed(),
    topic,
    partition: String(partition),
    offset: String(offset),
    timestamp: String(timestamp),
    attempts: String(attempts),
    group,
    at: new Date(at).toISOString(),
  }
  const told = Object.entries(facts).map(([name, value]) => [`${DEAD_LETTER_PREFIX}${name}`, value])
  return Object.fromEntries([...own, ...told])
}

/** What publishes dead letters: a producer. */
export interface DeadLetterProducer {
  send(topic: string, record: object): Promise<unknown>
  close(): Promise<void>
}

export interface DeadLettersParts {
  readonly group: string
  /** Undefined: `<topic>.dlq`. */
  readonly topic: string | undefined
  readonly options: ClientOptions
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Makes sure that the topic is there, if this program may; like the other one in partitions and replicas. */
  readonly createTopic: (topic: string, like: string) => Promise<void>
}

/** Publishes records that could not be handled to a topic of their own. The producer is loaded with the first one. */
export class DeadLetters {
  readonly #parts: DeadLettersParts
  #producer: Promise<DeadLetterProducer> | undefined
  readonly #topics = new Map<string, Promise<void>>()

  constructor(parts: DeadLettersParts) {
    this.#parts = parts
  }

  /**
   * Resolves when the record is on the disks of a majority.
   * @throws TailraceError UNKNOWN_TOPIC, AUTHORIZATION_FAILED: there is no such topic, or this program may not create
   * it or write to it; CODE_NOT_LOADED; what a producer's `send` throws
   */
  async bury<Data>(record: ConsumerRecord<Data>, attempts: number, error: unknown): Promise<void> {
    const { group, topic: given, createTopic } = this.#parts
    const topic = given ?? `${record.topic}.dlq`
    const isThere = this.#topics.get(topic) ?? createTopic(topic, record.topic)
    this.#topics.set(topic, isThere)
    await isThere.catch(() => this.#topics.delete(topic))
    const headers = deadLetterHeaders(record, { group, attempts, error, at: this.#parts.now() })
    const { key, value } = record
    this.#producer ??= this.#load()
    await (await this.#producer).send(topic, { key, value, headers })
  }

  async close(): Promise<void> {
    await (await this.#producer)?.close()
  }

  async #load(): Promise<DeadLetterProducer> {
    const { Producer } = await loaded(import('./dead-letter-producer.ts'))
    return new Producer({ ...this.#parts.options, lingerMs: 0 })
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
