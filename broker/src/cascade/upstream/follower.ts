import type { Message, Offset, TailraceError } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { CopiedPartition } from '../copies/copied-partition.ts'
import type { Copies } from '../copies/copies.ts'
import { CopyMismatch } from '../copies/intake.ts'
import { FirstBatches } from './first-batches.ts'
import { SourceEnds } from './source-ends.ts'
import type { SourceLink } from './source-link.ts'

export interface FollowerDeps {
  readonly copies: Copies
  readonly clock: Clock
  readonly logger: Logger
  readonly writable: () => boolean
  /** The connection to the source that is there already; the follower does not close it. */
  readonly link: SourceLink
  /** A further one, for more partitions. Rejects with TailraceError. */
  readonly openLink: () => Promise<SourceLink>
  /** For requests whose answer may take long. Rejects with TailraceError. */
  readonly askingLink: () => Promise<SourceLink>
  /** A further connection is lost, or cannot be had. */
  readonly onLost: (reason: string) => void
  /** The source has no such topic any more. */
  readonly onGone: () => void
  readonly counts: CopyCounts
}

export interface CopyCounts {
  batches: number
  bytes: number
  /** Copies that went on behind records that their source had removed before they were copied. */
  newBeginnings: number
  /** Those records. */
  missedRecords: number
}

interface Subscription {
  readonly link: SourceLink
  id: number
  readonly topic: string
  readonly copies: Map<number, CopiedPartition>
  readonly credit: number
  /** Durable here, and not yet told to the source. */
  owed: number
}

/** A source takes 256 subscriptions and 10,000 partitions of a connection, and a topic has 1,000 partitions at most. */
const maxSubscriptions = 200
const maxPartitions = 8_000
/** Bytes that all subscriptions together may have sent and that are not on the disk here. */
const totalCredit = 32 * 1024 * 1024
const leastCredit = 64 * 1024
const mostCredit = 4 * 1024 * 1024
const retryMs = 500
/** A source that ends before this copy does may be behind; after this long it is another log. */
const shorterSourceMs = 30_000

/**
 * Keeps every partition subscribed to one source, each from where its copy ends. The source may send as many bytes as
 * have become durable here, so a slow disk slows the subscription and fills no memory.
 */
export class Follower {
  readonly #deps: FollowerDeps
  /** With the partitions subscribed to on each. */
  readonly #links = new Map<SourceLink, number>()
  readonly #subscriptions = new Map<CopiedPartition, Subscription>()
  readonly #retryAt = new Map<CopiedPartition, number>()
  readonly #shorterSince = new Map<CopiedPartition, number>()
  readonly #ends: SourceEnds
  readonly #first: FirstBatches
  #topics: ReadonlyMap<string, string> = new Map()
  #attaching = false
  #again = false
  #retry: TimerHandle | null = null
  #closed = false

  constructor(deps: FollowerDeps) {
    this.#deps = deps
    this.#links.set(deps.link, 0)
    this.#ends = new SourceEnds(deps)
    this.#first = new FirstBatches({
      readStarts: deps.copies.readStarts,
      take: (copy, { body, repay }) => (this.#closed ? repay(body.length) : this.#take(copy, body, repay)),
      failed: (copy, error) => this.#notBegun(copy, error),
    })
    // Another source may be sound.
    for (const copy of deps.copies.all()) copy.stopped = ''
  }

  /** The topics of the source, ids by name; those that are not subscribed to yet will be. */
  async follow(topics: ReadonlyMap<string, string> = this.#topics): Promise<void> {
    this.#topics = topics
    if (this.#attaching) {
      this.#again = true
      return
    }
    this.#attaching = true
    try {
      do {
        this.#again = false
        if (this.#mayWrite()) for (const [name, id] of this.#topics) await this.#attach(name, id)
        else if (!this.#closed) void this.#ends.ask(this.#unsent())
      } while (this.#again && !this.#closed)
    } catch (error) {
      if (!this.#closed) this.#deps.onLost((error as Error).message)
    } finally {
      this.#attaching = false
    }
  }

  close(): void {
    this.#closed = true
    this.#retry?.cancel()
    for (const link of this.#links.keys()) if (link !== this.#deps.link) link.close()
    this.#subscriptions.clear()
  }

  /** Below the disk reserve no records are requested. */
  #mayWrite(): boolean {
    if (this.#deps.writable()) return !this.#closed
    for (const subscription of new Set(this.#subscriptions.values())) this.#drop(subscription)
    return false
  }

  /** The copies that would get records if there were space for them. */
  #unsent(): CopiedPartition[] {
    const all = [...this.#topics.values()].flatMap((id) => [...this.#deps.copies.partitionsOf(id)])
    return all.filter(({ removed, stopped }) => !removed && stopped === '')
  }

  async #attach(topic: string, id: string): Promise<void> {
    const now = this.#deps.clock.monotonic()
    const wanted = (copy: CopiedPartition): boolean =>
      !copy.removed &&
      !copy.beginning &&
      !this.#first.has(copy) &&
      copy.stopped === '' &&
      !this.#subscriptions.has(copy) &&
      (this.#retryAt.get(copy) ?? 0) <= now
    const copies = this.#deps.copies.partitionsOf(id).filter(wanted)
    if (copies.length === 0) return
    const link = await this.#roomyLink()
    if (this.#closed) return
    const credit = Math.min(mostCredit, Math.max(leastCredit, Math.floor(totalCredit / this.#topics.size)))
    const byNumber = new Map(copies.map((copy) => [copy.partition, copy]))
    const subscription: Subscription = { link, id: 0, topic, copies: byNumber, credit, owed: 0 }
    this.#links.set(link, this.#links.get(link)! + copies.length)
    for (const copy of copies) {
      this.#subscriptions.set(copy, subscription)
      this.#retryAt.delete(copy)
    }
    const partitions = copies.map((copy) => {
      const position = copy.isEmpty
        ? ({ kind: 'EARLIEST', value: 0 } as const)
        : ({ kind: 'OFFSET', value: copy.endOffset } as const)
      return { partition: copy.partition, position }
    })
    const earliest = { kind: 'EARLIEST', value: 0 } as const
    // The source's own replicas, where it has them: its leaders have enough work.
    const fields = { topic, position: earliest, partitions, credit, replica: true, topicId: id }
    subscription.id = link.subscribe(fields, {
      subscribed: (told) => this.#onSubscribed(subscription, told),
      records: (told, body) => this.#onRecords(subscription, told, body),
      ended: (partition, error) => this.#onEnded(subscription, partition, error),
    })
  }

  async #roomyLink(): Promise<SourceLink> {
    for (const [link, partitions] of this.#links) {
      if (link.subscriptions < maxSubscriptions && partitions < maxPartitions) return link
    }
    const link = await this.#deps.openLink()
    if (this.#closed) link.close()
    link.onLost = (reason) => this.#deps.onLost(reason)
    this.#links.set(link, 0)
    return link
  }

  #onSubscribed(subscription: Subscription, { partitions }: Message<'Subscribed'>): void {
    const later: { copy: CopiedPartition; start: number }[] = []
    for (const { partition, offset, highWatermark } of partitions) {
      const copy = subscription.copies.get(partition)
      if (copy === undefined) continue
      copy.heard(highWatermark)
      if (offset > copy.endOffset) later.push({ copy, start: offset })
    }
    if (later.length === 0) return
    // Its records would leave a gap: all of the subscription again, once these copies begin where the source does.
    this.#drop(subscription)
    void this.#beginAnew(later)
  }

  #onRecords(subscription: Subscription, fields: Message<'Records'>, body: Uint8Array): void {
    const { counts } = this.#deps
    const repay = (bytes: number): void => this.#repay(subscription, bytes)
    const copy = subscription.copies.get(fields.partition)
    if (copy === undefined || this.#closed) {
      repay(body.length)
      return
    }
    copy.heard(fields.highWatermark)
    this.#shorterSince.delete(copy)
    if (body.length === 0) return
    counts.bytes += body.length
    counts.batches++
    if (!this.#first.hold(copy, { body, repay })) this.#take(copy, body, repay)
  }

  #take(copy: CopiedPartition, body: Uint8Array, repay: (bytes: number) => void): void {
    try {
      copy.take(body, repay)
    } catch (error) {
      if (!(error instanceof CopyMismatch)) throw error
      const { topic, partition } = copy
      this.#deps.logger.error({ topic, partition, reason: error.message }, 'the partition is not copied any more')
    }
  }

  #onEnded(subscription: Subscription, partition: number, error: TailraceError): void {
    if (this.#closed) return
    const ended = partition === -1 ? [...subscription.copies.values()] : [subscription.copies.get(partition)]
    for (const copy of ended) {
      if (copy === undefined) continue
      this.#detach(subscription, copy, retryMs)
      if (error.code === 'OFFSET_OUT_OF_RANGE') void this.#realign(copy)
    }
    if (subscription.copies.size === 0) subscription.link.unsubscribe(subscription.id)
    if (error.code === 'UNKNOWN_TOPIC' || error.code === 'TOPIC_ID_MISMATCH') this.#deps.onGone()
    else if (error.code !== 'OFFSET_OUT_OF_RANGE') {
      const { topic } = subscription
      this.#deps.logger.warn({ topic, partition, error: error.message }, 'the source has ended a subscription')
    }
    this.#followSoon()
  }

  /** The source refuses the offset that is next here: its log begins later by now, or ends before. */
  async #realign(copy: CopiedPartition): Promise<void> {
    const { topic, topicId, partition } = copy
    try {
      const position = { kind: 'EARLIEST', value: 0 } as const
      const link = await this.#deps.askingLink()
      const { fields } = await link.request('FindOffset', { topic, partition, position, topicId }, 5_000)
      copy.heard(fields.highWatermark)
      if (fields.logStart > copy.endOffset) return await this.#beginAnew([{ copy, start: fields.logStart }])
      const { clock, logger } = this.#deps
      const since = this.#shorterSince.get(copy) ?? clock.monotonic()
      this.#shorterSince.set(copy, since)
      if (clock.monotonic() - since < shorterSourceMs) return
      copy.stopped = `the source ends at ${fields.highWatermark}, and ${copy.endOffset} is reached here`
      logger.error({ topic, partition, reason: copy.stopped }, 'the partition is not copied any more')
    } catch (error) {
      this.#deps.logger.warn({ topic, partition, err: error }, 'cannot ask the source where its log begins')
    }
  }

  async #beginAnew(copies: readonly { copy: CopiedPartition; start: number }[]): Promise<void> {
    for (const { copy, start } of copies) {
      const { endOffset } = copy
      if (start <= endOffset || this.#closed || copy.removed || copy.beginning) continue
      try {
        // One without a record has not been read by anybody: it misses nothing that was there when it began.
        await copy.beginAt(start, async () => {
          if (!copy.isEmpty) await this.#noteGap(copy, start)
        })
      } catch (error) {
        this.#notBegun(copy, error)
      }
    }
    this.#followSoon()
  }

  /** From where the copy is subscribed to again, once its subscription is given up. */
  #notBegun(copy: CopiedPartition, error: unknown): void {
    const { topic, partition } = copy
    this.#deps.logger.error({ topic, partition, err: error }, 'a copy could not begin anew; trying again')
    const subscription = this.#subscriptions.get(copy)
    if (subscription !== undefined) this.#drop(subscription)
    this.#retryAt.set(copy, this.#deps.clock.monotonic() + retryMs)
    this.#followSoon()
  }

  /** Records that are known to be deleted are not missed. */
  async #noteGap(copy: CopiedPartition, to: Offset): Promise<void> {
    const { topic, topicId, partition, endOffset, logStart } = copy
    const from = Math.max(endOffset, logStart)
    if (from >= to) return
    const { copies, counts, logger } = this.#deps
    const missed = to - from
    counts.newBeginnings++
    counts.missedRecords += missed
    logger.warn(
      { topic, partition, from, to, missed },
      'the source had removed records before they were copied; the copy goes on behind them',
    )
    await copies.gaps.note(topicId, partition, from, to)
  }

  #drop(subscription: Subscription): void {
    subscription.link.unsubscribe(subscription.id)
    for (const copy of [...subscription.copies.values()]) this.#detach(subscription, copy, 0)
  }

  #detach(subscription: Subscription, copy: CopiedPartition, pauseMs: number): void {
    const { copies, link } = subscription
    if (copies.delete(copy.partition)) this.#links.set(link, this.#links.get(link)! - 1)
    this.#subscriptions.delete(copy)
    this.#retryAt.set(copy, this.#deps.clock.monotonic() + pauseMs)
  }

  #followSoon(): void {
    if (this.#closed) return
    this.#retry?.cancel()
    this.#retry = this.#deps.clock.after(retryMs, () => void this.follow())
  }

  /** In pieces of a quarter: a message for each batch would cost too much. */
  #repay(subscription: Subscription, bytes: number): void {
    subscription.owed += bytes
    if (subscription.owed < subscription.credit / 4 || this.#closed) return
    subscription.link.credit(subscription.id, subscription.owed)
    subscription.owed = 0
  }
}
