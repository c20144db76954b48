import type { Asker } from '../../api/broker-api.ts'
import type { StreamsApi } from '../../api/streams-api.ts'
import type { SubscriptionAct, SubscriptionAnswer } from '../../api/subscriptions-api.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Crypto } from '../../platform/crypto.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { StreamChange } from '../state/change-codec.ts'
import { storedKeys } from '../state/stored-keys.ts'
import type { StreamsStore } from '../state/streams-store.ts'
import { Links } from './links.ts'
import type { SubscriptionCounts } from './subscription-counts.ts'
import type { SubscriptionEntry } from './subscription-entry.ts'
import type { SubscriptionRecord } from './subscription-record.ts'
import type { Webhooks } from './webhooks.ts'

/** What subscriptions need of their broker, whichever partition they are in. */
export interface SubscriptionSurroundings {
  readonly random: Pick<Random, 'secret' | 'below'>
  readonly crypto: Pick<Crypto, 'hmac' | 'equal'>
  /** Null: this broker sends none. */
  readonly webhooks: Webhooks | null
  /** Whether somebody may read a stream, or append to it. Null: a broker. */
  readonly may: (who: Asker | null, operation: 'read' | 'write', stream: string) => boolean
  readonly partitionOf: (stream: string) => number
  readonly partitions: number
}

export interface DeskDeps extends SubscriptionSurroundings {
  readonly store: StreamsStore
  readonly propose: (changes: readonly StreamChange[]) => Promise<void>
  readonly ask: StreamsApi['ask']
  readonly newNumber: () => string
  readonly counts: SubscriptionCounts
  readonly clock: Clock
  readonly logger: Logger
}

/** Where the leader of subscriptions writes down what becomes of them, and asks other leaders. */
export class Desk {
  readonly deps: DeskDeps
  readonly links: Links

  constructor(deps: DeskDeps) {
    this.deps = deps
    this.links = new Links(deps.store)
  }

  /** The subscription is this from now on, with these changes of its links, or as before. */
  async commit(
    entry: SubscriptionEntry,
    record: SubscriptionRecord,
    changes: readonly StreamChange[] = [],
  ): Promise<void> {
    const value = new TextEncoder().encode(JSON.stringify(record))
    await this.deps.propose([[storedKeys.subscription(record.path), value], ...changes])
    entry.record = record
  }

  /** @throws TailraceError as StreamsApi.ask */
  async askAbout(path: string, act: SubscriptionAct): Promise<SubscriptionAnswer> {
    return (await this.deps.ask({ kind: 'subscription', path, act })).result.answer
  }

  /** All partitions tell what they have to tell. @throws TailraceError as StreamsApi.ask */
  async handIn(path: string): Promise<void> {
    await this.#everywhere((partition) => this.askAbout(path, { act: 'hand-in', partition }))
  }

  /** @throws TailraceError as StreamsApi.ask */
  async unwatch(path: string, number: string): Promise<void> {
    await this.#everywhere((partition) => this.askAbout(path, { act: 'unwatch', partition, number, stream: null }))
  }

  async #everywhere(ask: (partition: number) => Promise<unknown>): Promise<void> {
    await Promise.all(Array.from({ length: this.deps.partitions }, (_, partition) => ask(partition)))
  }
}
