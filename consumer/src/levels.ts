import type { Connection } from '@tailrace/client'
import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { KnownBrokers, Placed } from './known-brokers.ts'
import { chooseBroker, isFit, type LevelBroker, type LevelRules, rankOf, shareToMove } from './level-choice.ts'

/** Where to read. */
export interface Place {
  readonly copy: BrokerId
  readonly connection: Connection
}

/** Longer than until the next attempt to subscribe, which goes to another broker. */
const LEAST_AVOIDED_MS = 1_000
/** A broker that has refused or was lost is avoided for up to 2 ** this times as long as between two looks. */
const MOST_DOUBLINGS = 4
/** When so many of a level cannot be connected to, each of which may take seconds, one further up is read from. */
const MOST_LOST = 3
/** A better broker is moved to once it was better in so many looks, one after the other. */
const LOOKS_BEFORE_MOVE = 2

/**
 * The cascade broker that a subscription reads from: chosen by level, rack and load, left when it is lost, refuses or
 * is too far behind, for another of its level or one further up, and taken again when it is well.
 */
export class Levels implements Placed {
  readonly #known: KnownBrokers
  readonly #rules: LevelRules
  readonly #topic: string
  readonly #avoided = new Map<BrokerId, { readonly until: number; readonly times: number }>()
  #place: LevelBroker | null | undefined
  #connecting: LevelBroker | undefined
  #listener: ((copy: BrokerId | null) => void) | undefined
  #finding: Promise<Place | null> | undefined
  #looksBetter = 0

  constructor(known: KnownBrokers, rules: LevelRules, topic: string) {
    this.#known = known
    this.#rules = rules
    this.#topic = topic
  }

  get place(): LevelBroker | null | undefined {
    return this.#place
  }

  get next(): LevelBroker | null | undefined {
    return this.#connecting ?? this.#place
  }

  /** The broker to read from; null: level 0; undefined: not chosen yet. */
  get current(): BrokerId | null | undefined {
    return this.#place === null ? null : this.#place?.id
  }

  /** See KnownBrokers. */
  isCopy(address: string): boolean {
    return this.#known.isCopy(address)
  }

  /** Calls `listener` with the broker to read from whenever it is another one. Returns how to stop. */
  onMove(listener: (copy: BrokerId | null) => void): () => void {
    this.#listener = listener
    this.#known.add(this)
    return () => {
      this.#listener = undefined
      this.#known.remove(this)
    }
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
    // Each of several partitions tells.
    if (this.#isAvoided(id)) return
    const times = (this.#avoided.get(id)?.times ?? 0) + 1
    const ms = Math.max(LEAST_AVOIDED_MS, this.#known.someMs() * 2 ** Math.min(times - 1, MOST_DOUBLINGS))
    this.#avoided.set(id, { until: this.#known.monotonic() + ms, times })
  }

  async judge(): Promise<void> {
    const present = this.#present()
    if (this.#place === undefined) return
    if (this.#place !== null) {
      if (present === undefined || !this.#isFit(present, this.#rules)) {
        await this.find()
        return
      }
      this.#avoided.delete(present.id)
    }
    // One that would soon be left again is not better.
    const rules = { ...this.#rules, maxLagMs: this.#rules.maxLagMs / 2 }
    const best = this.#best(rules)
    const isBetter = rankOf(best, rules) > rankOf(present ?? null, rules)
    this.#looksBetter = isBetter ? this.#looksBetter + 1 : 0
    const next = this.#looksBetter >= LOOKS_BEFORE_MOVE ? best : isBetter ? null : this.#lighter(present, rules)
    if (next !== null && (await this.#connect(next)) !== undefined) this.#settle(next)
  }

  /** Another broker of the same rank that has far fewer connections; for a part of those that ask. */
  #lighter(present: LevelBroker | undefined, rules: LevelRules): LevelBroker | null {
    // Several subscriptions would part.
    if (present === undefined || !this.#known.isAlone(this)) return null
    const other = this.#best(rules, present)
    if (other === null || rankOf(other, rules) < rankOf(present, rules)) return null
    return this.#known.random() < shareToMove(present, other) ? other : null
  }

  async #find(): Promise<Place | null> {
    if (this.#known.all === undefined) await this.#known.learn()
    let rules = this.#rules
    const lost: number[] = []
    for (;;) {
      const present = this.#present()
      const chosen = present !== undefined && this.#isFit(present, rules) ? present : this.#best(rules)
      if (chosen === null) {
        this.#settle(null)
        return null
      }
      const connection = await this.#connect(chosen)
      if (connection !== undefined) {
        this.#settle(chosen)
        return { copy: chosen.id, connection }
      }
      // Never down again: those that were tried first may not be avoided any more.
      const { level } = chosen
      lost.push(level)
      const isLostLevel = lost.filter((one) => one === level).length >= MOST_LOST
      rules = { ...rules, maxLevel: isLostLevel ? level - 1 : level }
    }
  }

  /** The broker that is read from, as it was told last. */
  #present(): LevelBroker | undefined {
    const { current } = this
    return this.#known.all?.find(({ id }) => id === current)
  }

  #isFit(broker: LevelBroker, rules: LevelRules): boolean {
    return isFit(broker, rules, this.#topic) && !this.#isAvoided(broker.id)
  }

  #best(rules: LevelRules, but?: LevelBroker): LevelBroker | null {
    const { taken, random } = this.#known
    const isAvoided = (id: BrokerId): boolean => id === but?.id || this.#isAvoided(id)
    return chooseBroker(this.#known.all ?? [], rules, { topic: this.#topic, isAvoided, taken, random })
  }

  #isAvoided(id: BrokerId): boolean {
    return (this.#avoided.get(id)?.until ?? 0) > this.#known.monotonic()
  }

  /** Undefined: it is avoided from now on. @throws TailraceError AUTHENTICATION_FAILED, CLOSED */
  async #connect(broker: LevelBroker): Promise<Connection | undefined> {
    this.#connecting = broker
    try {
      return await this.#known.connect(broker)
    } catch (error) {
      const known = TailraceError.from(error)
      if (this.#known.isClosed || known.code === 'AUTHENTICATION_FAILED') throw known
      this.avoid(broker.id)
      return undefined
    } finally {
      this.#connecting = undefined
    }
  }

  #settle(chosen: LevelBroker | null): void {
    if (this.#known.isClosed) return
    const isMove = this.#place === undefined || this.current !== (chosen?.id ?? null)
    this.#place = chosen
    this.#known.moved()
    if (!isMove) return
    this.#looksBetter = 0
    this.#listener?.(this.current!)
  }
}
