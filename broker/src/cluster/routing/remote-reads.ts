import type { BrokerId, GroupId, PartitionNumber, Position } from '@tailrace/schemas'
import { endOffsetAt, forEachBatch, TailraceError } from '@tailrace/schemas'
import type { Asker, ReadRequest } from '../../api/broker-api.ts'
import type { Peers } from '../../partition/peers.ts'
import { fenceOf } from '../../partition/publish-condition.ts'
import type { FetchResult, OffsetResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import { RemoteEnds, type WatchedPlace } from './remote-ends.ts'
import { RequestSlots } from './request-slots.ts'

/** The longest wait asked of another broker at a time, so that a caller that left is forgotten there soon. */
const LONGEST_WAIT_MS = 5000
/** The longest one while others wait for their turn: then the waits of all take turns, and none starves. */
const CROWDED_WAIT_MS = 250
/** The time that an answer may take beyond its wait. */
const REPLY_MS = 5000
/** The bytes that a wait shared by many readers brings: only new records come then. */
const SHARED_BYTES = 256 * 1024
/**
 * Requests to one broker at one time: with both, half of the requests that its link takes (peer/limits.ts) is left to
 * publishes and other requests.
 */
const MAX_WAITS = 1024
const MAX_ANSWERED_AT_ONCE = 1024
const MAX_QUEUED = 100_000

/** It may serve several readers. */
interface Wait {
  readonly sentAt: number
  readonly endsAt: number
  readonly result: Promise<LeaderAnswer>
}

interface LeaderAnswer {
  readonly found: FetchResult
  /** Of the rules at the leader. */
  readonly rulesVersion: number
}

interface Leader {
  readonly waits: RequestSlots
  readonly others: RequestSlots
  readonly ends: RemoteEnds
}

/** What is read, at the broker that leads it. */
export interface RemotePlace {
  readonly leader: BrokerId
  readonly group: GroupId
  readonly topic: string
  readonly partition: PartitionNumber
}

export interface RemoteFetch {
  readonly result: FetchResult
  /**
   * False: the time to wait is not over, or the answer may be older than the question. Without records the reader asks
   * again.
   */
  readonly final: boolean
}

export interface RemoteReadsDeps {
  readonly state: { readonly security: { readonly version: number } }
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
}

/**
 * Reads that are asked of another broker, which leads. However many readers wait at the end of a partition, one request
 * waits there for all of them, and all waits together leave room on the link for other requests: thousands of
 * subscribers must not keep clients from publishing. Where nothing has come for a while, or all requests that may wait
 * are taken, one request waits for all such partitions together (RemoteEnds), and each that has moved is read. A
 * request for one reader names it, so that the leader asks its rules too; one for many names none, and what it brings
 * is for those that newer rules of the leader do not forbid it.
 */
export class RemoteReads {
  readonly #deps: RemoteReadsDeps
  readonly #leaders = new Map<BrokerId, Leader>()
  /** The one that ends first, by leader, topic, partition and offset. */
  readonly #waits = new Map<string, Wait>()
  /** By the same. */
  readonly #looks = new Map<string, Promise<LeaderAnswer>>()

  constructor(deps: RemoteReadsDeps) {
    this.#deps = deps
  }

  /** `askedAt`: when the reader came. `request.waitMs`: what is left of its time. */
  async fetch(place: RemotePlace, request: ReadRequest, askedAt: number): Promise<RemoteFetch> {
    const { waitMs, token, linearizable } = request
    if (waitMs <= 0) {
      const { ends, others } = this.#leaderOf(place)
      const { found } = await others.run(() => this.#send(place, request))
      const watched = found.batches.length === 0 ? ends.at(place.group, request.offset) : undefined
      if (watched !== undefined) watched.logStart = found.logStart
      return { result: found, final: true }
    }
    const end = this.#deps.clock.monotonic() + waitMs
    const isFinal = ({ sentAt, endsAt }: Wait): boolean => endsAt >= end && sentAt >= askedAt
    if (token !== undefined || linearizable === true) {
      const wait = this.#begin(place, request)
      return { result: (await wait.result).found, final: isFinal(wait) }
    }
    const watchedEnd = this.#watchedEnd(place, request)
    if (watchedEnd !== undefined) {
      const found = await this.#atWatchedEnd(watchedEnd, place, request, askedAt)
      if (found !== null) return found
    }
    const left = Math.max(0, end - this.#deps.clock.monotonic())
    const wait = this.#share(place, { ...request, waitMs: left })
    return { result: await this.#forReader(place, request, await wait.result), final: isFinal(wait) }
  }

  async findOffset(
    leader: BrokerId,
    fields: { topic: string; partition: PartitionNumber; position: Position; topicId: string; linearizable: boolean },
    asker: Asker | undefined,
  ): Promise<OffsetResult> {
    const reply = await this.#leaderOf({ leader }).others.run(() =>
      this.#deps.peers.request(leader, 'FindOffset', { ...fields, ...this.#askedBy(asker) }, [], REPLY_MS),
    )
    const { offset, highWatermark, logStart } = reply.fields
    return { offset, highWatermark, logStart, ...fenceOf(reply.fields) }
  }

  /** The leader's broker watches the end of the partition, as it does for any where no other request may wait. */
  #watchedEnd(place: RemotePlace, { offset }: ReadRequest): WatchedPlace | undefined {
    const { ends, waits } = this.#leaderOf(place)
    return ends.at(place.group, offset) ?? (waits.full ? ends.watch(place.group, offset, null) : undefined)
  }

  /** Null: it is watched no longer, or has moved without anything to read. */
  async #atWatchedEnd(
    end: WatchedPlace,
    place: RemotePlace,
    request: ReadRequest,
    askedAt: number,
  ): Promise<RemoteFetch | null> {
    const { ends } = this.#leaderOf(place)
    const { offset, waitMs, signal } = request
    const outcome = await ends.wait(end, waitMs, signal)
    if (outcome === 'failed') return null
    if (outcome === 'over') {
      const nothing = { batches: [], bytes: 0, nextOffset: offset, highWatermark: offset, logStart: end.logStart ?? 0 }
      return { result: nothing, final: end.logStart !== null && ends.isConfirmed(end, askedAt) }
    }
    const answer = await this.#look(place, request)
    if (answer.found.batches.length === 0) return null
    return { result: await this.#forReader(place, request, answer), final: true }
  }

  /** A read without a wait for all readers of the place. */
  #look(place: RemotePlace, request: ReadRequest): Promise<LeaderAnswer> {
    const key = keyOf(place, request)
    const known = this.#looks.get(key)
    if (known !== undefined) return known
    const asked = { ...forMany(request), waitMs: 0 }
    const look = this.#leaderOf(place).others.run(() => this.#send(place, asked))
    this.#looks.set(key, look)
    const forget = (): void => void this.#looks.delete(key)
    look.then(forget, forget)
    return look
  }

  /**
   * What was brought for many, for one of them.
   * @throws TailraceError AUTHORIZATION_FAILED: newer rules of the leader forbid it
   */
  async #forReader(
    place: RemotePlace,
    request: ReadRequest,
    { found, rulesVersion }: LeaderAnswer,
  ): Promise<FetchResult> {
    const result = upTo(found, request.maxBytes)
    if (rulesVersion <= this.#deps.state.security.version) return result
    if (request.asker === undefined) return { ...result, newerRules: true }
    const asked = { ...request, waitMs: 0, maxBytes: 1 }
    await this.#leaderOf(place).others.run(() => this.#send(place, asked))
    return result
  }

  #askedBy(asker: Asker | undefined): ReturnType<typeof askedBy> {
    return askedBy(asker, this.#deps.state.security.version)
  }

  #leaderOf({ leader }: Pick<RemotePlace, 'leader'>): Leader {
    let known = this.#leaders.get(leader)
    if (known === undefined) {
      known = {
        waits: new RequestSlots(MAX_WAITS, MAX_QUEUED),
        others: new RequestSlots(MAX_ANSWERED_AT_ONCE, MAX_QUEUED),
        ends: new RemoteEnds(leader, this.#deps),
      }
      this.#leaders.set(leader, known)
    }
    return known
  }

  /** A wait that is under way and ends in time, or a new one. */
  #share(place: RemotePlace, request: ReadRequest): Wait {
    const key = keyOf(place, request)
    const known = this.#waits.get(key)
    if (known !== undefined && known.endsAt <= this.#deps.clock.monotonic() + request.waitMs) return known
    const wait = this.#begin(place, forMany(request))
    this.#waits.set(key, wait)
    const forget = (): void => {
      if (this.#waits.get(key) === wait) this.#waits.delete(key)
    }
    wait.result.then(({ found }) => {
      forget()
      const isIdle = found.batches.length === 0 && found.nextOffset === request.offset
      const waitedMs = this.#deps.clock.monotonic() - wait.sentAt
      if (isIdle && waitedMs >= LONGEST_WAIT_MS) {
        this.#leaderOf(place).ends.watch(place.group, request.offset, found.logStart)
      }
    }, forget)
    return wait
  }

  #begin(place: RemotePlace, request: ReadRequest): Wait {
    const { waits } = this.#leaderOf(place)
    const sentAt = this.#deps.clock.monotonic()
    const waitMs = Math.min(request.waitMs, waits.crowded ? CROWDED_WAIT_MS : LONGEST_WAIT_MS)
    const result = waits.run(() => this.#send(place, { ...request, waitMs }))
    return { sentAt, endsAt: sentAt + waitMs, result }
  }

  async #send(
    { leader, topic, partition }: RemotePlace,
    { offset, maxBytes, waitMs, token, topicId = '', linearizable = false, signal, asker }: ReadRequest,
  ): Promise<LeaderAnswer> {
    if (signal?.aborted) throw new TailraceError('ABORTED')
    const covered = token === undefined ? {} : { tokenTerm: token.term, tokenIndex: token.index, tokenSeal: token.seal }
    // The wire has whole milliseconds, the clock has not.
    const place = { topic, partition, offset, maxBytes, waitMs: Math.ceil(waitMs), ...covered, topicId, linearizable }
    const fields = { ...place, ...this.#askedBy(asker) }
    const reply = await this.#deps.peers.request(leader, 'Fetch', fields, [], waitMs + REPLY_MS)
    const batches: Uint8Array[] = []
    forEachBatch(reply.body, (start, stop) => batches.push(reply.body.subarray(start, stop)))
    const { nextOffset, highWatermark, logStart, rulesVersion = 0 } = reply.fields
    return { found: { batches, bytes: reply.body.length, nextOffset, highWatermark, logStart }, rulesVersion }
  }
}

function keyOf({ leader, partition }: RemotePlace, { topicId = '', offset }: ReadRequest): string {
  return `${leader} ${topicId} ${partition} ${offset}`
}

/** Of nobody in particular, for as long as anybody wants it. */
function forMany({ signal: _, asker: __, ...request }: ReadRequest): ReadRequest {
  return { ...request, maxBytes: SHARED_BYTES }
}

/** Its first batches: one at least, more as far as the bytes reach. */
function upTo(found: FetchResult, maxBytes: number): FetchResult {
  if (found.bytes <= maxBytes) return found
  let bytes = 0
  let count = 0
  while (count < found.batches.length && (count === 0 || bytes + found.batches[count]!.length <= maxBytes)) {
    bytes += found.batches[count]!.length
    count += 1
  }
  const batches = found.batches.slice(0, count)
  const last = batches.at(-1)
  return { ...found, batches, bytes, nextOffset: last === undefined ? found.nextOffset : endOffsetAt(last, 0) }
}
