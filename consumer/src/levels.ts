import { type Client, type Connection, unref } from '@tailrace/client'
import { type BrokerId, TailraceError } from '@tailrace/schemas'
import { chooseBroker, isFit, type LevelBroker, type LevelRules, rankOf } from './level-choice.ts'

/** Where to read. */
export interface Place {
  readonly copy: BrokerId
  readonly connection: Connection
}

/** Between two looks at the brokers, in the mean. */
const LOOK_MS = 15_000
const ASK_MS = 3_000
/** Longer than until the next attempt to subscribe, which goes to another broker. */
const LEAST_AVOIDED_MS = 1_000
/** A broker that has refused or was lost is avoided for up to 2 ** this times as long as between two looks. */
const MOST_DOUBLINGS = 4
/** A better broker is moved to once it was better in so many looks, one after the other. */
const LOOKS_BEFORE_MOVE = 2
/** Addresses that are asked when no other broker answers. */
const MOST_ADDRESSES = 30

/**
 * The cascade broker that the subscriptions of a consumer read from: learnt from any broker, chosen by level, rack and
 * load, left when it is lost, refuses or is too far behind, for another of its level or one further up, and taken again
 * when it is well. Looks, and so moves, come at random times, so that many clients do not move at once.
 */
export class Levels {
  readonly #client: Client
  readonly #rules: LevelRules
  readonly #lookMs: number
  readonly #random: () => number
  readonly #avoided = new Map<BrokerId, { readonly until: number; readonly times: number }>()
  readonly #listeners = new Set<(copy: BrokerId | null) => void>()
  /** Undefined: not learnt yet. */
  #brokers: readonly LevelBroker[] | undefined
  /** Null: level 0; undefined: not chosen yet. */
  #current: LevelBroker | null | undefined
  #finding: Promise<Place | null> | undefined
  #looksBetter = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(client: Client, rules: LevelRules, lookMs = LOOK_MS, random: () => number = Math.random) {
    this.#client = client
    this.#rules = rules
    this.#lookMs = lookMs
    this.#random = random
  }

  /** The broker to read from; null: level 0; undefined: not chosen yet. */
  get current(): BrokerId | null | undefined {
    return this.#current === null ? null : this.#current?.id
  }

  /** Whether there is a cascade broker at an address. */
  isCopy(address: string): boolean {
    return this.#brokers?.some((broker) => broker.level > 0 && broker.address === address) ?? false
  }

  /** Calls `listener` with the broker to read from whenever it is another one. Returns how to stop. */
  onMove(listener: (copy: BrokerId | null) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @throws TailraceError when no broker tells of the others; AUTHENTICATION_FAILED; CLOSED. Null: level 0 */
  find(): Promise<Place | null> {
    this.#finding ??= this.#find().finally(() => {
      this.#finding = undefined
    })
    return this.#finding
  }

  /** This broker is lost, or has refused what others may have. */
  avoid(id: BrokerId): void {
    // Each of its subscriptions tells.
    if (this.#isAvoided(id)) return
    const times = (this.#avoided.get(id)?.times ?? 0) + 1
    const ms = Math.max(LEAST_AVOIDED_MS, this.#someMs() * 2 ** Math.min(times - 1, MOST_DOUBLINGS))
    this.#avoided.set(id, { until: performance.now() + ms, times })
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #find(): Promise<Place | null> {
    if (this.#brokers === undefined) await this.#learn()
    for (;;) {
      const chosen = this.#choose()
      if (chosen === null) {
        this.#settle(null)
        return null
      }
      const connection = await this.#connect(chosen)
      if (connection === undefined) continue
      this.#settle(chosen)
      return { copy: chosen.id, connection }
    }
  }

  /** The present broker as long as it is fit. */
  #choose(): LevelBroker | null {
    const isAvoided = (id: BrokerId): boolean => this.#isAvoided(id)
    const present = this.#present()
    if (present != null && isFit(present, this.#rules) && !isAvoided(present.id)) return present
    return chooseBroker(this.#brokers ?? [], this.#rules, isAvoided, this.#random)
  }

  /** As it was told last. */
  #present(): LevelBroker | undefined {
    const { current } = this
    return this.#brokers?.find(({ id }) => id === current)
  }

  #isAvoided(id: BrokerId): boolean {
    return (this.#avoided.get(id)?.until ?? 0) > performance.now()
  }

  /** Undefined: it is avoided from now on. @throws TailraceError AUTHENTICATION_FAILED, CLOSED */
  async #connect({ id, address }: LevelBroker): Promise<Connection | undefined> {
    try {
      return await this.#client.connect(address)
    } catch (error) {
      const known = TailraceError.from(error)
      if (this.#isClosed || known.code === 'AUTHENTICATION_FAILED') throw known
      this.avoid(id)
      return undefined
    }
  }

  #settle(chosen: LevelBroker | null): void {
    if (this.#isClosed) return
    const isMove = this.#current === undefined || this.current !== (chosen?.id ?? null)
    this.#current = chosen
    this.#prefer()
    if (this.#timer === undefined) this.#lookLater()
    if (!isMove) return
    this.#looksBetter = 0
    for (const listener of [...this.#listeners]) listener(this.current!)
  }

  /** Whatever else is asked is asked there, so that the other brokers are spared. */
  #prefer(): void {
    const living = (this.#brokers ?? []).filter(({ alive }) => alive).sort((a, b) => a.level - b.level)
    const last = living.slice(0, MOST_ADDRESSES).map(({ address }) => address)
    const current = this.#current
    const first = current == null ? living.filter(({ level }) => level === 0) : [current]
    const addresses = first.map(({ address }) => address)
    this.#client.prefer(addresses, last)
    if (current != null) this.#client.closeIdle(addresses)
  }

  /** @throws TailraceError when no broker answers */
  async #learn(): Promise<void> {
    try {
      const { fields } = await this.#client.call('Brokers', {}, { timeoutMs: ASK_MS })
      this.#brokers = fields.brokers.flatMap(({ http, ...broker }) => {
        const address = this.#client.addressOf(http)
        return address === undefined ? [] : [{ ...broker, address }]
      })
    } catch (error) {
      // A broker of an earlier version tells nothing.
      if (TailraceError.from(error).code !== 'UNSUPPORTED_MESSAGE') throw error
      this.#brokers ??= []
    }
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => void this.#look(), this.#someMs())
    unref(this.#timer)
  }

  async #look(): Promise<void> {
    try {
      if (this.#listeners.size > 0) {
        await this.#learn()
        await this.#judge()
        if (this.#current !== undefined) this.#prefer()
      }
    } catch {
      // A broker that is gone is found out by its connection, and others are asked by the next look.
    }
    if (!this.#isClosed) this.#lookLater()
  }

  async #judge(): Promise<void> {
    const present = this.#present()
    if (this.#current != null) {
      if (present === undefined || !isFit(present, this.#rules) || this.#isAvoided(present.id)) {
        await this.find()
        return
      }
      this.#avoided.delete(present.id)
    }
    // One that would soon be left again is not better.
    const rules = { ...this.#rules, maxLagMs: this.#rules.maxLagMs / 2 }
    const best = chooseBroker(this.#brokers ?? [], rules, (id) => this.#isAvoided(id), this.#random)
    const isBetter = rankOf(best, rules) > rankOf(present ?? null, rules)
    this.#looksBetter = isBetter ? this.#looksBetter + 1 : 0
    if (this.#looksBetter < LOOKS_BEFORE_MOVE || best === null) return
    if ((await this.#connect(best)) !== undefined) this.#settle(best)
  }

  /** About as long as between two looks, and half as much more or less. */
  #someMs(): number {
    return this.#lookMs * (0.5 + this.#random())
  }
}
