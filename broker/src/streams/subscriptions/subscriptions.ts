import { TailraceError } from '@tailrace/schemas'
import type {
  AckWake,
  ClaimWake,
  GetSubscription,
  ListedSubscriptions,
  PutSubscription,
  SubscriptionAct,
  SubscriptionAnswer,
  SubscriptionConfig,
  TellNews,
} from '../../api/subscriptions-api.ts'
import { storedJson } from '../../log/store/stored-json.ts'
import { rangeOf, storedKeys } from '../state/stored-keys.ts'
import { described, done, failure, unknownSubscription } from './answers.ts'
import { Departures } from './departures.ts'
import { Desk, type DeskDeps } from './desk.ts'
import { matchesGlob } from './glob.ts'
import { Membership } from './membership.ts'
import { SubscriptionEntry } from './subscription-entry.ts'
import { isSubscriptionRecord, type SubscriptionRecord } from './subscription-record.ts'
import { pauseAfter, renewed } from './wake-times.ts'
import { BEHIND, Wakes } from './wakes.ts'

/** Of one partition; each is some KiB of its leader's memory. */
const MOST_SUBSCRIPTIONS = 250
/** Links of one answer. */
const MOST_SHOWN = 1_000
const SECRET_BYTES = 32
const NOTED = new Uint8Array([1])

/** For the subscription itself; the others are for the partition of streams. */
export type OwnAct = Exclude<SubscriptionAct, { readonly partition: number }>

/** The leader of the subscriptions of one partition, in one term. */
export class Subscriptions {
  readonly #desk: Desk
  readonly #membership: Membership
  readonly #wakes: Wakes
  readonly #departures: Departures
  readonly #entries = new Map<string, SubscriptionEntry>()
  #loading: Promise<void> | null = null
  #isLoaded = false
  #isClosed = false

  constructor(deps: DeskDeps) {
    this.#desk = new Desk(deps)
    this.#membership = new Membership(this.#desk)
    this.#wakes = new Wakes(this.#desk, (entry, error) => this.#goOnLater(entry, error))
    this.#departures = new Departures(this.#desk)
  }

  get size(): number {
    return this.#entries.size
  }

  /** What was under way goes on: wakes, leases, retries. @throws TailraceError STORAGE_CORRUPT */
  async loaded(): Promise<void> {
    if (this.#isLoaded) return
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null
    })
    await this.#loading
  }

  /** @throws TailraceError as StreamsApi.ask */
  async answer(path: string, act: OwnAct): Promise<SubscriptionAnswer> {
    await this.loaded()
    if (act.act === 'put') return this.#put(path, act)
    const entry = this.#entries.get(path)
    if (act.act === 'news') return this.#news(entry, act)
    if (entry === undefined) return unknownSubscription(act)
    switch (act.act) {
      case 'get':
        return done(await this.#view(entry, act))
      case 'delete':
        return this.#inTurn(entry, () => this.#remove(entry))
      case 'link':
        return this.#inTurn(entry, async () => {
          const problem = wakesItself(entry.record.config.wakeStream, null, act.streams)
          if (problem !== null) return problem
          await this.#membership.link(entry, act.streams)
          return done()
        })
      case 'unlink':
        return this.#inTurn(entry, async () => {
          await this.#membership.unlink(entry, act.stream)
          return done()
        })
      case 'claim':
        return this.#claim(entry, act)
      case 'ack':
        return this.#ack(entry, act)
      case 'release':
        return this.#inTurn(entry, () => this.#wakes.release(entry, act))
    }
  }

  /** See ListSubscriptions. */
  async list(after: string): Promise<ListedSubscriptions> {
    await this.loaded()
    const paths = [...this.#entries.keys()].filter((path) => path > after).sort()
    return { subscriptions: paths.map((path) => ({ path, type: this.#entries.get(path)!.record.config.type })) }
  }

  close(): void {
    this.#isClosed = true
    this.#wakes.close()
    this.#departures.close()
    for (const entry of this.#entries.values()) entry.rest()
  }

  async #load(): Promise<void> {
    const { store, clock } = this.#desk.deps
    await store.settled()
    for await (const [key, value] of store.range(...rangeOf(storedKeys.subscriptions))) {
      const record = storedJson(key, value, isSubscriptionRecord)
      this.#entries.set(record.path, new SubscriptionEntry(renewed(record, clock.now())))
    }
    this.#isLoaded = true
    for (const entry of this.#entries.values()) void this.#goOn(entry)
    void this.#departures.begin()
  }

  /** Never rejects. */
  async #goOn(entry: SubscriptionEntry): Promise<void> {
    if (this.#isClosed || entry.isGone) return
    try {
      await entry.own(async () => {
        if (entry.isGone) return
        if (entry.record.isMaking) await this.#membership.make(entry)
        await this.#wakes.wakeIfPending(entry)
        this.#wakes.arm(entry)
      })
      entry.attempts = 0
    } catch (error) {
      this.#goOnLater(entry, error)
    }
  }

  #goOnLater(entry: SubscriptionEntry, error: unknown): void {
    if (this.#isClosed || entry.isGone || entry.again !== null) return
    const { clock, random, logger } = this.#desk.deps
    logger.info({ subscription: entry.record.path, err: error }, 'a subscription is taken up again')
    entry.attempts += 1
    entry.again = clock.after(pauseAfter(entry.attempts, random), () => {
      entry.again = null
      void this.#goOn(entry)
    })
  }

  #inTurn(entry: SubscriptionEntry, work: () => Promise<SubscriptionAnswer>): Promise<SubscriptionAnswer> {
    return entry.inTurn(async () => (entry.isGone ? unknownSubscription({ act: 'get', after: '' }) : work()))
  }

  async #put(path: string, act: PutSubscription): Promise<SubscriptionAnswer> {
    const known = this.#entries.get(path)
    if (known !== undefined) {
      const confirmed = await known.inTurn(async () => (known.isGone ? null : this.#confirm(known, act)))
      return confirmed ?? this.#put(path, act)
    }
    const problem = this.#problemOf(act.config)
    if (problem !== null) return problem
    if (this.#entries.size >= MOST_SUBSCRIPTIONS) {
      throw new TailraceError('OVERLOADED', 'There are too many subscriptions.')
    }
    const entry = new SubscriptionEntry(this.#newRecord(path, act))
    this.#entries.set(path, entry)
    return entry.inTurn(async () => {
      try {
        await this.#desk.commit(entry, entry.record)
      } catch (error) {
        entry.isGone = true
        this.#entries.delete(path)
        throw error
      }
      try {
        return await this.#made(entry, 201)
      } catch (error) {
        // A partition has no room for it: then it has never been there.
        if (TailraceError.from(error).code === 'OVERLOADED') await this.#remove(entry)
        throw error
      }
    })
  }

  /** A subscription that has been begun is made to the end, also if its client has gone. */
  async #made(entry: SubscriptionEntry, status: number): Promise<SubscriptionAnswer> {
    try {
      if (entry.record.isMaking) await this.#membership.make(entry)
    } catch (error) {
      this.#goOnLater(entry, error)
      throw error
    }
    return { status, body: await this.#view(entry, { act: 'get', after: '' }) }
  }

  async #confirm(entry: SubscriptionEntry, { config }: PutSubscription): Promise<SubscriptionAnswer> {
    if (sameText(config) === sameText(entry.record.config)) return this.#made(entry, 200)
    return failure('SUBSCRIPTION_ALREADY_EXISTS', 'There is one of this id that is configured otherwise.')
  }

  #newRecord(path: string, { config, base, owner }: PutSubscription): SubscriptionRecord {
    const { newNumber, partitionOf, random, clock } = this.#desk.deps
    const secret = Buffer.from(random.secret(SECRET_BYTES)).toString('base64url')
    const idle = { isMaking: true, generation: 0, wake: null, failures: 0 }
    // Leaders of two partitions count alike, and the watches of both are side by side in each partition.
    const number = `${newNumber()}.${partitionOf(path).toString(36)}`
    return { path, number, config, base, owner, secret, createdAt: clock.now(), ...idle }
  }

  #problemOf({ webhook, wakeStream, pattern, streams }: SubscriptionConfig): SubscriptionAnswer | null {
    const { webhooks } = this.#desk.deps
    if (webhook === null) return wakesItself(wakeStream, pattern, streams)
    const refusal = webhooks === null ? 'This broker sends no webhooks.' : webhooks.refusalOf(webhook)
    return refusal === null ? null : failure('WEBHOOK_URL_REJECTED', refusal)
  }

  async #view({ record }: SubscriptionEntry, { after }: GetSubscription): Promise<object> {
    const links = await this.#desk.links.page(record.number, after, MOST_SHOWN)
    const { webhooks, may } = this.#desk.deps
    const shown = links.filter(({ stream }) => may(record.owner, 'read', stream))
    const next = links.length === MOST_SHOWN ? links.at(-1)!.stream : null
    return described(record, shown, { kid: webhooks?.kid ?? null, next })
  }

  async #remove(entry: SubscriptionEntry): Promise<SubscriptionAnswer> {
    const { path, number } = entry.record
    await this.#desk.deps.propose([
      [storedKeys.subscription(path), null],
      [storedKeys.garbageOf(number), NOTED],
      this.#departures.changeFor(entry.record),
    ])
    entry.isGone = true
    entry.rest()
    this.#entries.delete(path)
    void this.#departures.begin()
    return done()
  }

  async #news(entry: SubscriptionEntry | undefined, { number, news }: TellNews): Promise<SubscriptionAnswer> {
    const isThere = (): boolean => entry !== undefined && !entry.isGone && entry.record.number === number
    if (!isThere()) return done({ isThere: false })
    // That may take a while, for which other subscriptions do not wait.
    if (entry!.record.isMaking) return done({ isThere: true, isMaking: true })
    return entry!.inTurn(async () => {
      if (!isThere()) return done({ isThere: false })
      await this.#membership.told(entry!, news)
      const streams = news.map(({ stream }) => stream)
      await this.#wakes.changed(entry!, streams)
      return done({ isThere: true })
    })
  }

  async #claim(entry: SubscriptionEntry, { worker }: ClaimWake): Promise<SubscriptionAnswer> {
    const claim = async () => (await this.#wakes.claim(entry, worker)) ?? done()
    const first = await this.#inTurn(entry, claim)
    if (first.body !== null) return first
    await this.#desk.handIn(entry.record.path)
    const second = await this.#inTurn(entry, claim)
    return second.body === null ? failure('NO_PENDING_WORK', 'No stream has more than was acked.') : second
  }

  async #ack(entry: SubscriptionEntry, act: AckWake): Promise<SubscriptionAnswer> {
    const beyond = failure('INVALID_OFFSET', 'The stream ends before this offset.')
    let isBehind = false
    const ack = async (): Promise<SubscriptionAnswer> => {
      const answer = await this.#wakes.ack(entry, act)
      isBehind = answer === BEHIND
      return answer === BEHIND ? beyond : answer
    }
    const first = await this.#inTurn(entry, ack)
    if (!isBehind) return first
    await this.#desk.handIn(entry.record.path)
    return this.#inTurn(entry, ack)
  }
}

/** Each wake would be the cause of the next one. */
function wakesItself(
  wakeStream: string | null,
  pattern: string | null,
  streams: readonly string[],
): SubscriptionAnswer | null {
  if (wakeStream === null) return null
  const isMatched = pattern !== null && matchesGlob(pattern, wakeStream)
  if (!isMatched && !streams.includes(wakeStream)) return null
  return failure('INVALID_REQUEST', 'A subscription is not about its own stream of wakes.')
}

function sameText({ type, pattern, streams, webhook, wakeStream, leaseMs, description }: SubscriptionConfig): string {
  return JSON.stringify([type, pattern, streams, webhook, wakeStream, leaseMs, description])
}
