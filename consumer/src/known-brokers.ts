import type { Client, Connection, Timer } from '@tailrace/client'
import { type BrokerId, TailraceError } from '@tailrace/schemas'
import { knowReadMessages } from '@tailrace/schemas/read-messages'
import type { LevelBroker } from './level-choice.ts'

/** A subscription that reads at some level. */
export interface Placed {
  /** The broker that it reads from; null: level 0; undefined: not chosen yet. */
  readonly place: LevelBroker | null | undefined
  /** The same, or the broker to which it is about to connect. */
  readonly next: LevelBroker | null | undefined
  /** The brokers have been looked at again. @throws TailraceError */
  judge(): Promise<void>
}

/** Between two looks at the brokers, in the mean. */
const LOOK_MS = 15_000
const ASK_MS = 3_000
/** Addresses that are asked when no other broker answers. */
const MOST_ADDRESSES = 30

/**
 * The brokers of all levels, learnt from any of them, for all subscriptions of a consumer. Looks come at random times,
 * so that many clients do not move at once.
 */
export class KnownBrokers {
  readonly random: () => number
  readonly #client: Client
  readonly #lookMs: number
  readonly #placed = new Set<Placed>()
  #all: readonly LevelBroker[] | undefined
  #learning: Promise<void> | undefined
  #timer: Timer | undefined
  #isClosed = false

  constructor(client: Client, lookMs = LOOK_MS, random: () => number = client.surroundings.random) {
    knowReadMessages()
    this.#client = client
    this.#lookMs = lookMs
    this.random = random
  }

  /** Undefined: not learnt yet. */
  get all(): readonly LevelBroker[] | undefined {
    return this.#all
  }

  /** Milliseconds, on the clock of the client. */
  monotonic(): number {
    return this.#client.surroundings.monotonic()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Cascade brokers that subscriptions read from, or soon will. */
  get taken(): ReadonlySet<BrokerId> {
    return new Set([...this.#placed].flatMap(({ next }) => (next == null ? [] : [next.id])))
  }

  /** Whether this is the only subscription. */
  isAlone(placed: Placed): boolean {
    return this.#placed.size === 1 && this.#placed.has(placed)
  }

  /** Whether there is a cascade broker at an address. */
  isCopy(address: string): boolean {
    return this.#all?.some((broker) => broker.level > 0 && broker.address === address) ?? false
  }

  add(placed: Placed): void {
    this.#placed.add(placed)
    if (this.#timer === undefined) this.#lookLater()
  }

  remove(placed: Placed): void {
    this.#placed.delete(placed)
  }

  /** @throws TailraceError when no broker answers */
  learn(): Promise<void> {
    this.#learning ??= this.#learn().finally(() => {
      this.#learning = undefined
    })
    return this.#learning
  }

  /** @throws TailraceError as Client.connect */
  connect({ address }: LevelBroker): Promise<Connection> {
    return this.#client.connect(address)
  }

  /**
   * Some subscription reads elsewhere now. If all read from one cascade broker, whatever else is asked is asked there,
   * and no other connection is kept; else level 0 is asked, which alone knows who leads.
   */
  moved(): void {
    const living = (this.#all ?? []).filter(({ alive }) => alive).sort((a, b) => a.level - b.level)
    const last = living.slice(0, MOST_ADDRESSES).map(({ address }) => address)
    const places = new Map([...this.#placed].map(({ place }) => [place?.address, place]))
    const [only] = places.values()
    const isAlone = places.size === 1 && only != null
    const first = isAlone ? [only] : living.filter(({ level }) => level === 0)
    const addresses = first.map(({ address }) => address)
    this.#client.prefer(addresses, last)
    if (isAlone) this.#client.closeIdle(addresses)
  }

  /** About as long as between two looks: half as much more or less. Milliseconds. */
  someMs(): number {
    return this.#lookMs * (0.5 + this.random())
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  async #learn(): Promise<void> {
    try {
      const { fields } = await this.#client.call('Brokers', {}, { timeoutMs: ASK_MS })
      this.#all = fields.brokers.flatMap(({ http, ...broker }) => {
        const address = this.#client.addressOf(http)
        return address === undefined ? [] : [{ ...broker, address }]
      })
    } catch (error) {
      // A broker of an earlier version tells nothing.
      if (TailraceError.from(error).code !== 'UNSUPPORTED_MESSAGE') throw error
      this.#all ??= []
    }
  }

  #lookLater(): void {
    this.#timer = this.#client.surroundings.afterIdle(this.someMs(), () => void this.#look())
  }

  async #look(): Promise<void> {
    try {
      if (this.#placed.size > 0) await this.learn()
      for (const placed of this.#placed) await placed.judge()
      if (this.#placed.size > 0) this.moved()
    } catch {
      // A broker that is gone is found out by its connection, and others are asked by the next look.
    }
    if (!this.#isClosed) this.#lookLater()
  }
}
