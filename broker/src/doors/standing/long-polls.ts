import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { BrokerApi, ReadRequest } from '../../api/broker-api.ts'
import type { FetchResult } from '../../partition/requests.ts'
import type { Clock } from '../../platform/clock.ts'
import type { ReadBudget } from '../limits/read-budget.ts'
import { Delivery } from './delivery.ts'
import type { PartitionEnds, ReadPlace } from './partition-ends.ts'
import { standFor } from './standing-wait.ts'

/** Bytes that a read gets that had to wait: only new records come then. */
const afterWaitBytes = 256 * 1024

export interface Poller {
  /** What it may use, each call with its check. */
  readonly rights: {
    readonly api: Pick<BrokerApi, 'fetch' | 'topicIdOf'>
    /** @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED */
    checkRead(topic: string): void
  }
  /** For reads that do not wait. */
  readonly reads: ReadBudget
}

export interface Polled {
  readonly delivery: Delivery
  /** Other readers may get the same delivery. */
  readonly isShared: boolean
}

/**
 * Waits with `wait`, and may bound such waits. `empty`: the result of the first look, for a wait that ends early; null:
 * there was no look.
 */
export type Waiting = (
  empty: Polled | null,
  wait: (signal?: AbortSignal) => Promise<Polled | null>,
) => Promise<Polled | null>

/**
 * Reads that get one answer, at once or when there are records. Those that wait stand at the partition's end with all
 * other readers, so that what comes is read once, and made into an answer once for all that want the same. Thousands
 * may wait, and no byte is read for them.
 */
export class LongPolls {
  readonly #ends: PartitionEnds
  readonly #clock: Clock

  constructor(ends: PartitionEnds, clock: Clock) {
    this.#ends = ends
    this.#clock = clock
  }

  /** Rejects as BrokerApi.fetch does, and as `rights.checkRead` throws. */
  async read(
    poller: Poller,
    topic: string,
    partition: PartitionNumber,
    request: ReadRequest,
    waiting: Waiting = (_, wait) => wait(request.signal),
  ): Promise<Polled> {
    const { offset, waitMs, signal } = request
    const { rights } = poller
    const alone = (found: FetchResult): Polled => ({ delivery: new Delivery(found, offset), isShared: false })
    const look = (): Promise<FetchResult> => lookAt(poller, topic, partition, request)
    const place = placeOf(poller, topic, partition, request)
    // Where others stand their read brings what there is. Only a reader whose time ends without it must look.
    const isAwaited = place !== null && this.#ends.isAwaited(place, offset)
    if (isAwaited) rights.checkRead(topic)
    const looked = isAwaited ? null : await look()
    if (looked !== null && (looked.batches.length > 0 || waitMs === 0 || signal?.aborted)) return alone(looked)
    const empty = looked === null ? null : alone(looked)
    // An offset beyond the end is no place at which others could stand.
    const isAtTheEnd = looked === null || looked.highWatermark === offset
    const end = this.#clock.monotonic() + waitMs
    const found = await waiting(empty, async (own) => {
      if (place !== null && isAtTheEnd) {
        const stand = {
          offset,
          waitMs,
          signal: own,
          checkRead: () => rights.checkRead(topic),
          takes: takesUpTo(request),
        }
        const outcome = await standFor(this.#ends, this.#clock, place, stand)
        if (outcome === 'over') return empty
        if (outcome !== 'alone') return { delivery: outcome, isShared: true }
      }
      const left = Math.max(0, end - this.#clock.monotonic())
      const rest = {
        ...request,
        maxBytes: Math.min(request.maxBytes, afterWaitBytes),
        waitMs: left,
        ...(own && { signal: own }),
      }
      return alone(await rights.api.fetch(topic, partition, rest))
    })
    if (signal?.aborted) throw new TailraceError('ABORTED')
    return found ?? alone(await look())
  }
}

async function lookAt(
  { rights, reads }: Poller,
  topic: string,
  partition: PartitionNumber,
  request: ReadRequest,
): Promise<FetchResult> {
  const maxBytes = reads.take(request.maxBytes)
  try {
    return await rights.api.fetch(topic, partition, { ...request, maxBytes, waitMs: 0 })
  } finally {
    reads.release(maxBytes)
  }
}

/** Null: it cannot stand with others. An error of its request is told to it when it reads by itself. */
function placeOf(
  { rights }: Poller,
  topic: string,
  partition: PartitionNumber,
  { waitMs, token, linearizable, topicId = '', replica = false }: ReadRequest,
): ReadPlace | null {
  if (waitMs === 0 || token !== undefined || linearizable === true) return null
  // Nobody stands at the end of a topic that has the id no more, so such a request reads by itself, and is refused.
  const id = topicId === '' ? rights.api.topicIdOf(topic) : topicId
  return id === undefined ? null : { topic, topicId: id, partition, replica }
}

function takesUpTo({ maxBytes }: ReadRequest): (found: FetchResult) => boolean {
  return ({ bytes }) => bytes <= maxBytes
}
