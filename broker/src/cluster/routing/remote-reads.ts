import type { BrokerId, PartitionNumber, Position } from '@tailrace/schemas'
import { endOffsetAt, forEachBatch, TailraceError } from '@tailrace/schemas'
import type { Asker, ReadRequest } from '../../api/broker-api.ts'
import type { Peers } from '../../partition/peers.ts'
import type { FetchResult, OffsetResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
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

/** A wait may serve several readers. */
interface SharedWait {
  readonly sentAt: number
  readonly endsAt: number
  readonly result: Promise<LeaderAnswer>
}

interface LeaderAnswer {
  readonly found: FetchResult
  /** Of the rules at the leader. */
  readonly rulesVersion: number
}

interface LeaderSlots {
  readonly waits: RequestSlots
  readonly others: RequestSlots
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
 * subscribers must not keep clients from publishing. A request for one reader names it, so that the leader asks its
 * rules too; a shared wait names none, and what it brings is for those that newer rules of the leader do not forbid it.
 */
export class RemoteReads {
  readonly #deps: RemoteReadsDeps
  readonly #slots = new Map<BrokerId, LeaderSlots>()
  /** The one that ends first, by leader, topic, partition and offset. */
  readonly #waits = new Map<string, SharedWait>()

  constructor(deps: RemoteReadsDeps) {
    this.#deps = deps
  }

  /** `askedAt`: when the reader came. `request.waitMs`: what is left of its time. */
  async fetch(
    leader: BrokerId,
    topic: string,
    partition: PartitionNumber,
    request: ReadRequest,
    askedAt: number,
  ): Promise<RemoteFetch> {
    const { waitMs, token, linearizable, maxBytes } = request
    if (waitMs <= 0) {
      const { found } = await this.#slotsOf(leader).others.run(() => this.#send(leader, topic, partition, request))
      return { result: found, final: true }
    }
    const end = this.#deps.clock.monotonic() + waitMs
    const own = token !== undefined || linearizable === true
    const wait = own ? this.#begin(leader, topic, partition, request) : this.#share(leader, topic, partition, request)
    const { found, rulesVersion } = await wait.result
    const newerRules = !own && rulesVersion > this.#deps.state.security.version
    if (newerRules) await this.#confirm(leader, topic, partition, request)
    const final = wait.endsAt >= end && wait.sentAt >= askedAt
    const result = own ? found : upTo(found, maxBytes)
    return { result: newerRules && request.asker === undefined ? { ...result, newerRules } : result, final }
  }

  async findOffset(
    leader: BrokerId,
    fields: { topic: string; partition: PartitionNumber; position: Position; topicId: string; linearizable: boolean },
    asker: Asker | undefined,
  ): Promise<OffsetResult> {
    const reply = await this.#slotsOf(leader).others.run(() =>
      this.#deps.peers.request(leader, 'FindOffset', { ...fields, ...this.#askedBy(asker) }, [], REPLY_MS),
    )
    const { offset, highWatermark, logStart } = reply.fields
    return { offset, highWatermark, logStart }
  }

  /**
   * The leader has rules that this broker does not know yet.
   * @throws TailraceError AUTHORIZATION_FAILED: they forbid it
   */
  async #confirm(leader: BrokerId, topic: string, partition: PartitionNumber, request: ReadRequest): Promise<void> {
    if (request.asker === undefined) return
    const asked = { ...request, waitMs: 0, maxBytes: 1 }
    await this.#slotsOf(leader).others.run(() => this.#send(leader, topic, partition, asked))
  }

  #askedBy(asker: Asker | undefined): ReturnType<typeof askedBy> {
    return askedBy(asker, this.#deps.state.security.version)
  }

  #slotsOf(leader: BrokerId): LeaderSlots {
    let slots = this.#slots.get(leader)
    if (slots === undefined) {
      slots = {
        waits: new RequestSlots(MAX_WAITS, MAX_QUEUED),
        others: new RequestSlots(MAX_ANSWERED_AT_ONCE, MAX_QUEUED),
      }
      this.#slots.set(leader, slots)
    }
    return slots
  }

  /** A wait that is under way and ends in time, or a new one. */
  #share(leader: BrokerId, topic: string, partition: PartitionNumber, request: ReadRequest): SharedWait {
    const { topicId = '', offset, waitMs } = request
    const key = `${leader} ${topicId} ${partition} ${offset}`
    const known = this.#waits.get(key)
    if (known !== undefined && known.endsAt <= this.#deps.clock.monotonic() + waitMs) return known
    const { signal: _, asker: __, ...shared } = request
    const wait = this.#begin(leader, topic, partition, { ...shared, maxBytes: SHARED_BYTES })
    this.#waits.set(key, wait)
    const forget = (): void => {
      if (this.#waits.get(key) === wait) this.#waits.delete(key)
    }
    wait.result.then(forget, forget)
    return wait
  }

  #begin(leader: BrokerId, topic: string, partition: PartitionNumber, request: ReadRequest): SharedWait {
    const { waits } = this.#slotsOf(leader)
    const sentAt = this.#deps.clock.monotonic()
    const waitMs = Math.min(request.waitMs, waits.crowded ? CROWDED_WAIT_MS : LONGEST_WAIT_MS)
    const result = waits.run(() => this.#send(leader, topic, partition, { ...request, waitMs }))
    return { sentAt, endsAt: sentAt + waitMs, result }
  }

  async #send(
    leader: BrokerId,
    topic: string,
    partition: PartitionNumber,
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
