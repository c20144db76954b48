import type { AckWake, ReleaseWake, SubscriptionAnswer } from '../../api/subscriptions-api.ts'
import { idOfSubscription } from '../../api/subscriptions-api.ts'
import type { StreamChange } from '../state/change-codec.ts'
import { done, failure, pathsBase, wokenStream } from './answers.ts'
import type { Desk } from './desk.ts'
import { type Link, linkChanges } from './links.ts'
import type { SubscriptionEntry } from './subscription-entry.ts'
import type { SubscriptionRecord, Wake } from './subscription-record.ts'
import { pauseAfter, REST_MS, withinReach } from './wake-times.ts'
import { generationOf, wakeToken } from './wake-token.ts'

const LONGEST_TIMER_MS = 2 ** 31 - 1
const WAKE_BYTES = 12

/** An ack may be of more than the subscription has been told: then its partitions are asked, and it is tried again. */
export const BEHIND = Symbol('behind')

type Delivered =
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'nothing' }
  | { readonly outcome: 'failed' }
  | { readonly outcome: 'done'; readonly links: readonly Link[] }

/** Wakes of subscriptions, their deliveries, and the leases of their workers. */
export class Wakes {
  readonly #desk: Desk
  readonly #goOnLater: (entry: SubscriptionEntry, error: unknown) => void
  #isClosed = false

  /** `goOnLater`: wakes what is pending by then, and sets up what is to happen by itself. */
  constructor(desk: Desk, goOnLater: (entry: SubscriptionEntry, error: unknown) => void) {
    this.#desk = desk
    this.#goOnLater = goOnLater
  }

  close(): void {
    this.#isClosed = true
  }

  /** In the turn of the subscription, which knows of changes of these streams. */
  async changed(entry: SubscriptionEntry, streams: readonly string[]): Promise<void> {
    const { wake, owner } = entry.record
    const isResting = wake !== null && entry.resting === wake.id
    const seen = isResting ? streams.find((stream) => this.#desk.deps.may(owner, 'read', stream)) : undefined
    if (isResting && seen !== undefined) {
      entry.lookFrom = seen
      entry.resting = null
      entry.record = { ...entry.record, wake: { ...wake, nextAt: this.#now } }
      this.arm(entry)
    }
    await this.wakeIfPending(entry)
  }

  /** In the turn of the subscription. Returns whether there is another wake. */
  async wakeIfPending(entry: SubscriptionEntry): Promise<boolean> {
    const { record } = entry
    if (record.isMaking || record.wake !== null || !(await this.#desk.links.hasPending(record.number))) return false
    const nextAt = this.#now
    const until = record.config.type === 'webhook' ? nextAt + record.config.leaseMs : -1
    await this.#begin(entry, { delivered: false, nextAt, until, holder: null })
    return true
  }

  /** In the turn of the subscription. What is to happen by itself is set up anew. */
  arm(entry: SubscriptionEntry): void {
    entry.timer?.cancel()
    entry.timer = null
    const { wake } = entry.record
    if (this.#isClosed || entry.isGone || wake === null) return
    const isSending = isUnderWay(entry, wake)
    const ends = wake.until < 0 || isSending ? Number.POSITIVE_INFINITY : wake.until
    const sends = wake.delivered || isSending ? Number.POSITIVE_INFINITY : wake.nextAt
    const next = Math.min(ends, sends)
    if (next === Number.POSITIVE_INFINITY) return
    const ms = Math.min(Math.max(next - this.#now, 0), LONGEST_TIMER_MS)
    entry.timer = this.#desk.deps.clock.after(ms, () => {
      entry.timer = null
      this.#inTurn(entry, () => this.#due(entry))
    })
  }

  /** In the turn of the subscription. Null: it may be that its partitions have something to tell. */
  async claim(entry: SubscriptionEntry, worker: string): Promise<SubscriptionAnswer | null> {
    if (entry.record.config.type !== 'pull-wake') return failure('INVALID_REQUEST', 'It is no pull-wake subscription.')
    await this.#endIfOver(entry)
    const held = entry.record.wake
    if (held !== null && held.holder !== null) {
      const more = { current_holder: held.holder, generation: entry.record.generation }
      return failure('ALREADY_CLAIMED', 'Another worker has the lease.', more)
    }
    const links = await this.#pending(entry)
    if (links.length === 0) {
      // What it was about is gone: another one tells of the next change.
      if (held?.delivered) await this.#commit(entry, { ...entry.record, wake: null })
      if (held?.delivered) await this.#next(entry)
      if (held?.delivered && entry.record.wake !== null) this.#rest(entry)
      return null
    }
    const until = this.#now + entry.record.config.leaseMs
    const claimed = { delivered: true, nextAt: this.#now, until, holder: worker }
    if (held === null) await this.#begin(entry, claimed)
    else await this.#commit(entry, { ...entry.record, wake: { id: held.id, ...claimed } })
    const { number, secret, generation, wake, config } = entry.record
    return done({
      wake_id: wake!.id,
      generation,
      token: wakeToken(this.#desk.deps.crypto, secret, number, generation),
      streams: links.map(wokenStream),
      lease_ttl_ms: config.leaseMs,
    })
  }

  /** In the turn of the subscription. */
  async ack(entry: SubscriptionEntry, act: AckWake): Promise<SubscriptionAnswer | typeof BEHIND> {
    const wanted = act.by === 'callback' ? 'webhook' : 'pull-wake'
    if (entry.record.config.type !== wanted) return failure('INVALID_REQUEST', `It is no ${wanted} subscription.`)
    const refusal = await this.#fenced(entry, act)
    if (refusal !== null) return refusal
    const { record } = entry
    const changes = await this.#acked(record, act.acks)
    if (!Array.isArray(changes)) return changes
    const wake: Wake | null = act.done
      ? null
      : { ...record.wake!, delivered: true, until: this.#now + record.config.leaseMs }
    await this.#commit(entry, { ...record, wake, failures: 0 }, changes)
    const next = act.done && (await this.#next(entry))
    return done({ ok: true, next_wake: next })
  }

  /** In the turn of the subscription. */
  async release(entry: SubscriptionEntry, act: ReleaseWake): Promise<SubscriptionAnswer> {
    if (entry.record.config.type !== 'pull-wake') return failure('INVALID_REQUEST', 'It is no pull-wake subscription.')
    const refusal = await this.#fenced(entry, act)
    if (refusal !== null) return refusal
    await this.#commit(entry, { ...entry.record, wake: null })
    await this.#next(entry)
    return done()
  }

  get #now(): number {
    return this.#desk.deps.clock.now()
  }

  /** A wake is over, as committed, whether the next one can begin now or not. Returns whether there is one. */
  async #next(entry: SubscriptionEntry): Promise<boolean> {
    try {
      return await this.wakeIfPending(entry)
    } catch (error) {
      this.#goOnLater(entry, error)
      return true
    }
  }

  async #begin(entry: SubscriptionEntry, wake: Omit<Wake, 'id'>): Promise<void> {
    const id = `w_${Buffer.from(this.#desk.deps.random.secret(WAKE_BYTES)).toString('hex')}`
    const { record } = entry
    entry.sending?.abort()
    await this.#commit(entry, { ...record, generation: record.generation + 1, wake: { id, ...wake } })
    this.#desk.deps.counts.wakes += 1
  }

  async #commit(
    entry: SubscriptionEntry,
    record: SubscriptionRecord,
    changes?: readonly StreamChange[],
  ): Promise<void> {
    await this.#desk.commit(entry, record, changes)
    this.arm(entry)
  }

  async #pending(entry: SubscriptionEntry): Promise<readonly Link[]> {
    const { number, owner } = entry.record
    const may = (stream: string): boolean => this.#desk.deps.may(owner, 'read', stream)
    const { links, from } = await this.#desk.links.pending(number, may, entry.lookFrom)
    entry.lookFrom = from
    return links
  }

  /** Its owner may read nothing of what is pending: it is looked at again later, or when something else changes. */
  #rest(entry: SubscriptionEntry): void {
    const { record } = entry
    const nextAt = this.#now + REST_MS
    const until = record.config.type === 'webhook' ? nextAt + record.config.leaseMs : -1
    const wake = { ...record.wake!, nextAt, until }
    entry.record = { ...record, wake }
    entry.resting = wake.id
    this.arm(entry)
  }

  /** The time of the wake may have come, for its delivery or for its end. */
  async #due(entry: SubscriptionEntry): Promise<void> {
    await this.#endIfOver(entry)
    const { wake } = entry.record
    const mustSend = wake !== null && !wake.delivered && entry.sending === null && wake.nextAt <= this.#now
    if (mustSend) void this.#deliver(entry, wake)
    this.arm(entry)
  }

  async #endIfOver(entry: SubscriptionEntry): Promise<void> {
    const { record } = entry
    if (record.wake === null) return
    const wake = withinReach(record.wake, record.config.leaseMs, this.#now)
    entry.record = { ...record, wake }
    const isOver = wake.until >= 0 && wake.until <= this.#now && !isUnderWay(entry, wake)
    if (!isOver) return
    await this.#commit(entry, { ...record, wake: null })
    await this.#next(entry)
  }

  /** Null: the token and all else are of the present wake. */
  async #fenced(entry: SubscriptionEntry, act: AckWake | ReleaseWake): Promise<SubscriptionAnswer | null> {
    const { number, secret } = entry.record
    const generation = generationOf(this.#desk.deps.crypto, secret, number, act.token)
    if (generation === null) return failure('TOKEN_INVALID', 'The token is none of this subscription.')
    await this.#endIfOver(entry)
    const { record } = entry
    const isPresent = generation === record.generation && act.generation === record.generation
    const isHeld = record.config.type === 'webhook' || (record.wake?.holder ?? null) !== null
    if (isPresent && isHeld && record.wake?.id === act.wake) return null
    return failure('FENCED', 'Another wake has come since.')
  }

  async #acked(
    { number }: SubscriptionRecord,
    acks: AckWake['acks'],
  ): Promise<StreamChange[] | SubscriptionAnswer | typeof BEHIND> {
    const links = new Map<string, Omit<Link, 'stream'>>()
    for (const { stream, offset } of acks) {
      const link = links.get(stream) ?? (await this.#desk.links.get(number, stream))
      if (link === null) return failure('INVALID_OFFSET', 'The subscription has no such stream.')
      if (offset < link.acked) return failure('INVALID_OFFSET', 'More of the stream is acked already.')
      if (offset > link.tail) return BEHIND
      const { streamId, tail, explicit } = link
      links.set(stream, { streamId, tail, explicit, acked: offset })
    }
    return [...links].flatMap(([stream, link]) => linkChanges(number, stream, link))
  }

  /** Not in the turn of the subscription: it may last. Never rejects. */
  async #deliver(entry: SubscriptionEntry, wake: Wake): Promise<void> {
    const sending = new AbortController()
    entry.sending = sending
    const outcome = await this.#send(entry, wake, sending.signal).catch((error): Delivered => {
      this.#desk.deps.logger.info({ subscription: entry.record.path, err: error }, 'a wake could not be delivered')
      return { outcome: 'failed' }
    })
    this.#inTurn(entry, async () => {
      if (entry.sending === sending) entry.sending = null
      if (entry.record.wake?.id === wake.id) await this.#delivered(entry, outcome)
      this.arm(entry)
    })
  }

  async #send(entry: SubscriptionEntry, wake: Wake, signal: AbortSignal): Promise<Delivered> {
    const { record } = entry
    const links = await this.#pending(entry)
    const first = links[0]
    if (first === undefined) return { outcome: 'nothing' }
    if (record.config.type === 'pull-wake') {
      await this.#appendEvent(record, first.stream)
      return { outcome: 'taken' }
    }
    const { webhooks, crypto } = this.#desk.deps
    const { number, secret, generation, config } = record
    const body = {
      subscription_id: idOfSubscription(record.path),
      wake_id: wake.id,
      generation,
      streams: links.map(wokenStream),
      callback_url: `${pathsBase(record)}/callback`,
      callback_token: wakeToken(crypto, secret, number, generation),
    }
    if (webhooks === null) throw new Error('This broker sends no webhooks: see webhookHosts.')
    const isDone = await webhooks.send(config.webhook!, JSON.stringify(body), signal)
    return isDone ? { outcome: 'done', links } : { outcome: 'taken' }
  }

  /** Once: a repetition is an append of the same producer. */
  async #appendEvent({ path, number, generation, config, owner }: SubscriptionRecord, stream: string): Promise<void> {
    const { ask, may, clock } = this.#desk.deps
    const wakeStream = config.wakeStream!
    if (!may(owner, 'write', wakeStream)) throw new Error('Its owner may not append to the stream of wakes any more.')
    const event = { type: 'wake', subscription_id: idOfSubscription(path), stream, generation, ts: clock.now() }
    const producer = { id: `subscription${number}`, epoch: generation, seq: 0 }
    const type = 'application/json'
    const asked = { kind: 'append', path: wakeStream, type, close: false, seq: null, producer } as const
    const { result } = await ask(asked, new TextEncoder().encode(`${JSON.stringify(event)},`))
    if (result.kind === 'refused') throw new Error(`The stream of wakes does not take it: ${result.reason}.`)
  }

  async #delivered(entry: SubscriptionEntry, delivered: Delivered): Promise<void> {
    const { record } = entry
    const { counts } = this.#desk.deps
    const wake = record.wake!
    if (delivered.outcome === 'failed') {
      counts.failed += 1
      const failures = record.failures + 1
      const nextAt = this.#now + pauseAfter(failures, this.#desk.deps.random)
      const until = record.config.type === 'webhook' ? nextAt + record.config.leaseMs : wake.until
      // A worker that has acked meanwhile has got it.
      if (!wake.delivered) await this.#commit(entry, { ...record, failures, wake: { ...wake, nextAt, until } })
      return
    }
    if (delivered.outcome === 'nothing') {
      // There may be something by now, and a worker may have claimed it.
      const isDone = !wake.delivered && (await this.#pending(entry)).length === 0
      if (isDone && (await this.#desk.links.hasPending(record.number))) this.#rest(entry)
      else if (isDone) await this.#commit(entry, { ...record, failures: 0, wake: null })
      return
    }
    counts.delivered += 1
    if (delivered.outcome === 'taken') {
      const isWebhook = record.config.type === 'webhook' && !wake.delivered
      const until = isWebhook ? this.#now + record.config.leaseMs : wake.until
      await this.#commit(entry, { ...record, failures: 0, wake: { ...wake, delivered: true, until } })
      return
    }
    const changes = await this.#ackedUpTo(record, delivered.links)
    await this.#commit(entry, { ...record, failures: 0, wake: null }, changes)
    await this.#next(entry)
  }

  async #ackedUpTo({ number }: SubscriptionRecord, links: readonly Link[]): Promise<StreamChange[]> {
    const changes: StreamChange[] = []
    for (const { stream, streamId, tail } of links) {
      const link = await this.#desk.links.get(number, stream)
      if (link?.streamId !== streamId) continue
      changes.push(...linkChanges(number, stream, { ...link, acked: Math.max(link.acked, tail) }))
    }
    return changes
  }

  /** What happens by itself. Where the log takes nothing now it is tried again. */
  #inTurn(entry: SubscriptionEntry, work: () => Promise<void>): void {
    void entry
      .own(async () => {
        if (!this.#isClosed && !entry.isGone) await work()
      })
      .catch((error) => this.#goOnLater(entry, error))
  }
}

/** It does not end before its receiver has answered, or has failed to in the time that it has. */
function isUnderWay(entry: SubscriptionEntry, wake: Wake): boolean {
  return entry.sending !== null && !wake.delivered
}
