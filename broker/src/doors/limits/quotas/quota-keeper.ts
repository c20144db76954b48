import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { Quota } from '../../../api/quotas.ts'
import { clientOf } from '../../../platform/client-address.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Logger } from '../../../platform/logger.ts'
import { type FoundLimit, QuotaIndex } from '../../../security/quotas/quota-index.ts'
import { Buckets } from './buckets.ts'
import { HeldCount } from './held-count.ts'
import type { ThrottleMetrics } from './throttle-metrics.ts'

export interface QuotaKeeperParts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: ThrottleMetrics
  /** Another map after each change. */
  readonly quotas: () => ReadonlyMap<string, Quota>
  /** That each cascade broker may copy where no quota names it. Default: 0, no limit. */
  readonly cascadeBytesPerSecond?: number
}

/** Says when it has closed. */
export interface OpenConnection {
  once(event: 'close', listener: () => void): unknown
}

/** For whom a connection counts; null: for nobody. */
interface CountedConnection {
  sender: string | null
  /** It counts no more. */
  release: () => void
}

/** An entity that is over a limit is told of in the log so often at most. */
const LOGGED_EVERY_MS = 60_000
const MOST_LOGGED = 1_000

/** The quotas of this broker, and what all senders have used of them. One for all doors. */
export class QuotaKeeper {
  readonly buckets = new Buckets()
  readonly held = { connections: new HeldCount(), subscriptions: new HeldCount() } as const
  readonly #connections = new WeakMap<OpenConnection, CountedConnection>()
  readonly #parts: QuotaKeeperParts
  readonly #loggedAt = new Map<string, number>()
  #source: ReadonlyMap<string, Quota> | null = null
  #index = new QuotaIndex([], clientOf)

  constructor(parts: QuotaKeeperParts) {
    this.#parts = parts
  }

  /** Another object after each change of a quota. */
  get index(): QuotaIndex {
    const source = this.#parts.quotas()
    if (source !== this.#source) {
      this.#source = source
      this.#index = new QuotaIndex(source.values(), clientOf)
    }
    return this.#index
  }

  /** Of a cascade broker that no quota names. */
  cascadeLimit(broker: BrokerId): FoundLimit | null {
    const limit = this.#parts.cascadeBytesPerSecond ?? 0
    if (limit === 0) return null
    const entity = `cascade broker ${broker}`
    return { kind: 'fetchBytesPerSecond', limit, key: entity, entity }
  }

  /** For whom the connection counts, until it closes. Requests of any number of senders may come on it. */
  counted(connection: OpenConnection): CountedConnection {
    const known = this.#connections.get(connection)
    if (known !== undefined) return known
    const counted: CountedConnection = { sender: null, release: () => {} }
    this.#connections.set(connection, counted)
    connection.once('close', () => counted.release())
    return counted
  }

  now(): number {
    return this.#parts.clock.monotonic()
  }

  /** Something waits for so long, since its sender has used up a limit. */
  delayed(found: FoundLimit, ms: number): void {
    this.#parts.metrics.delayed(found.kind, ms / 1000)
    this.#tell(found)
  }

  refusal(found: FoundLimit, retryAfterMs: number): TailraceError {
    const { kind, limit, entity } = found
    this.#parts.metrics.refused(kind)
    this.#tell(found)
    return new TailraceError('THROTTLED', `A quota of ${entity} is ${limit} ${kind}.`, { retryAfterMs })
  }

  #tell({ kind, limit, key, entity }: FoundLimit): void {
    const now = this.now()
    const before = this.#loggedAt.get(key)
    if (before !== undefined && now - before < LOGGED_EVERY_MS) return
    this.#loggedAt.delete(key)
    this.#loggedAt.set(key, now)
    if (this.#loggedAt.size > MOST_LOGGED) this.#loggedAt.delete(this.#loggedAt.keys().next().value!)
    this.#parts.log.warn({ entity, kind, limit }, 'a quota is used up; what is over it waits or is refused')
  }
}
