import type { BrokerId } from '@tailrace/schemas'
import type { QuotaKind } from '../../../api/quotas.ts'
import type { Asker, FoundLimit, QuotaIndex } from '../../../security/quotas/quota-index.ts'
import type { CountedHolder } from './held-count.ts'
import type { OpenConnection, QuotaKeeper } from './quota-keeper.ts'

/**
 * Nothing waits longer at a time; beyond that it is refused. A client takes a broker that is silent for three seconds
 * for dead.
 */
export const LONGEST_WAIT_MS = 1_000
/** When to try again where a connection or a subscription has to end first. */
const HELD_RETRY_MS = 1_000

export type RateKind = 'produceBytesPerSecond' | 'fetchBytesPerSecond' | 'requestsPerSecond'
export type HeldKind = 'connections' | 'subscriptions'

/**
 * The quotas of one sender. Which limits hold is found out when a quota or the sender's principal changes; everything
 * else takes constant time.
 */
export class SenderQuotas {
  readonly #keeper: QuotaKeeper
  readonly #asker: Asker
  readonly #principal: () => string
  readonly #found = new Map<QuotaKind, FoundLimit | null>()
  readonly #holders = {
    connections: { limit: () => this.#limit('connections') },
    subscriptions: { limit: () => this.#limit('subscriptions') },
  } satisfies Record<HeldKind, CountedHolder>
  #index: QuotaIndex | null = null
  #foundFor = ''
  /** The limit of the cascade broker that the sender is; null: it is none, or has no limit. */
  #ofCascade: FoundLimit | null = null

  /** `principal`: as it is now; `address`: as of clientOf. */
  constructor(keeper: QuotaKeeper, principal: () => string, { clientId, address }: Omit<Asker, 'principal'>) {
    this.#keeper = keeper
    this.#principal = principal
    this.#asker = { principal: '', clientId, address }
  }

  /** Milliseconds until the sender has made good what it used too much. */
  waitMs(kind: RateKind): number {
    const found = this.#limit(kind)
    if (found === null) return 0
    const now = this.#keeper.now()
    return this.#keeper.buckets.of(found, now).waitMs(now)
  }

  /** Uses so much, whatever is missing already: it has been sent. */
  spend(kind: RateKind, amount: number): void {
    const found = this.#limit(kind)
    if (found === null) return
    const now = this.#keeper.now()
    this.#keeper.buckets.of(found, now).take(amount, now)
  }

  /**
   * Uses so much, and returns for how long nothing more should be read from the sender.
   * @throws TailraceError THROTTLED: too much is missing; nothing is used
   */
  take(kind: RateKind, amount: number): number {
    const found = this.#limit(kind)
    if (found === null) return 0
    const now = this.#keeper.now()
    const bucket = this.#keeper.buckets.of(found, now)
    const missingMs = bucket.waitMs(now)
    if (missingMs > LONGEST_WAIT_MS) throw this.#keeper.refusal(found, missingMs)
    bucket.take(amount, now)
    const ms = Math.min(bucket.waitMs(now), LONGEST_WAIT_MS)
    if (ms > 0) this.#keeper.delayed(found, ms)
    return ms
  }

  /** How long to wait before something is done. @throws TailraceError THROTTLED: too long */
  turn(kind: RateKind): number {
    const ms = this.waitMs(kind)
    if (ms === 0) return 0
    if (ms > LONGEST_WAIT_MS) throw this.#keeper.refusal(this.#limit(kind)!, ms)
    this.#keeper.delayed(this.#limit(kind)!, ms)
    return ms
  }

  /** As `turn`, for what may wait as long as it takes; returns when to look again. */
  postpone(kind: RateKind): number {
    const ms = Math.min(this.waitMs(kind), LONGEST_WAIT_MS)
    if (ms > 0) this.#keeper.delayed(this.#limit(kind)!, ms)
    return ms
  }

  /** Uses a new topic and its partitions; returns how to give them back. @throws TailraceError THROTTLED */
  create(partitions: number): () => void {
    return this.#takeAll([
      [this.#limit('topicsPerHour'), 1],
      [this.#limit('partitionsPerHour'), partitions],
    ])
  }

  /** Uses partitions that a topic gets; returns how to give them back. @throws TailraceError THROTTLED */
  addPartitions(partitions: number): () => void {
    return this.#takeAll([[this.#limit('partitionsPerHour'), partitions]])
  }

  #takeAll(wanted: readonly (readonly [FoundLimit | null, number])[]): () => void {
    const now = this.#keeper.now()
    for (const [found, amount] of wanted) {
      const ms = found === null ? 0 : this.#keeper.buckets.of(found, now).untilMs(amount, now)
      if (found !== null && ms > 0) throw this.#keeper.refusal(found, ms)
    }
    const use = (sign: 1 | -1): void => {
      for (const [found, amount] of wanted) {
        if (found !== null) this.#keeper.buckets.of(found, this.#keeper.now()).take(sign * amount, this.#keeper.now())
      }
    }
    use(1)
    return () => use(-1)
  }

  /** Counts one more until it is released. @throws TailraceError THROTTLED: there are as many as a quota allows */
  hold(kind: HeldKind): void {
    const { index, held } = this.#keeper
    if (!held[kind].take(this.#holders[kind], index)) throw this.#keeper.refusal(this.#limit(kind)!, HELD_RETRY_MS)
  }

  release(kind: HeldKind): void {
    this.#keeper.held[kind].release(this.#holders[kind])
  }

  /**
   * Counts the connection until it closes, once, for the sender of its latest request.
   * @throws TailraceError THROTTLED: the sender has as many as a quota allows; the connection counts for nobody
   */
  keepConnection(connection: OpenConnection): void {
    if (this.#keeper.counted(connection).sender !== this.#name) this.takeConnection(connection)
  }

  /** As `keepConnection`, for a sender that may become another one while it is connected. */
  takeConnection(connection: OpenConnection): void {
    const counted = this.#keeper.counted(connection)
    counted.release()
    Object.assign(counted, { sender: null, release: () => {} })
    this.hold('connections')
    Object.assign(counted, { sender: this.#name, release: () => this.release('connections') })
  }

  /** Before the connection becomes this principal's. @throws TailraceError THROTTLED */
  admit(principal: string): void {
    const { index, held } = this.#keeper
    if (principal === this.#principal()) return
    const found = index.find('connections', { ...this.#asker, principal })
    if (found !== null && found.key !== this.#limit('connections')?.key && !held.connections.hasRoom(found, index)) {
      throw this.#keeper.refusal(found, HELD_RETRY_MS)
    }
  }

  /** The sender is this cascade broker. */
  copiesAs(broker: BrokerId): void {
    this.#ofCascade = this.#keeper.cascadeLimit(broker)
  }

  /** What it holds is the new principal's from now on. */
  renewed(): void {
    for (const kind of ['connections', 'subscriptions'] as const) this.#keeper.held[kind].moved(this.#holders[kind])
  }

  /** Of all that a quota can be about: the same for the same sender. */
  get #name(): string {
    return `${this.#asker.clientId} ${this.#asker.address} ${this.#principal()}`
  }

  #limit(kind: QuotaKind): FoundLimit | null {
    return this.#quotaOf(kind) ?? (kind === this.#ofCascade?.kind ? this.#ofCascade : null)
  }

  #quotaOf(kind: QuotaKind): FoundLimit | null {
    const { index } = this.#keeper
    if (index.isEmpty) return null
    const principal = this.#principal()
    if (index !== this.#index || principal !== this.#foundFor) {
      this.#index = index
      this.#foundFor = principal
      this.#found.clear()
    }
    let found = this.#found.get(kind)
    if (found === undefined) this.#found.set(kind, (found = index.find(kind, { ...this.#asker, principal })))
    return found
  }
}
