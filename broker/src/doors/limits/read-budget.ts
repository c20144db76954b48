import type { PartitionNumber } from '@tailrace/schemas'
import type { BrokerApi, ReadRequest } from '../../api/broker-api.ts'
import type { FetchResult } from '../../partition/requests.ts'

/**
 * Bytes that a read gets however little is left, so that no reader starves. A first batch that is larger comes whole.
 */
const leastBytes = 64 * 1024
/** Bytes that a read gets that had to wait: only new records come then. */
const afterWaitBytes = 256 * 1024

/**
 * Bounds what all reads under way may bring into memory: each may bring as much as it asks for, or the rest of the
 * budget.
 */
export class ReadBudget {
  readonly #limit: number
  readonly #mostAtOnce: number
  readonly #shared: ReadBudget | null
  #taken = 0

  /** `mostAtOnce`: for one read. `shared`: the budget of which this one is a part. */
  constructor(limit: number, mostAtOnce: number, shared: ReadBudget | null = null) {
    this.#limit = limit
    this.#mostAtOnce = mostAtOnce
    this.#shared = shared
  }

  get left(): number {
    return Math.min(this.#limit - this.#taken, this.#shared?.left ?? Number.POSITIVE_INFINITY)
  }

  /** Returns how many bytes the read may bring; to be given back when it is done. */
  take(asked: number): number {
    const bytes = Math.min(asked, this.#mostAtOnce, Math.max(this.left, leastBytes))
    this.#add(bytes)
    return bytes
  }

  release(bytes: number): void {
    this.#add(-bytes)
  }

  #add(bytes: number): void {
    this.#taken += bytes
    if (this.#shared !== null) this.#shared.#add(bytes)
  }
}

/** Waits with `fetch`; `empty`: the result of the first look, for a wait that ends early. */
export type Waiting = (
  empty: FetchResult,
  fetch: (signal?: AbortSignal) => Promise<FetchResult>,
) => Promise<FetchResult>

/**
 * Fetches within the budget. A reader at the end of the log waits without any of it: thousands may wait, and no byte is
 * read for them. `waiting` may bound such waits.
 */
export async function fetchWithin(
  reads: ReadBudget,
  api: Pick<BrokerApi, 'fetch'>,
  topic: string,
  partition: PartitionNumber,
  request: ReadRequest,
  waiting: Waiting = (_, fetch) => fetch(request.signal),
): Promise<FetchResult> {
  const bytes = reads.take(request.maxBytes)
  let empty: FetchResult
  try {
    const result = await api.fetch(topic, partition, { ...request, maxBytes: bytes, waitMs: 0 })
    if (result.batches.length > 0 || request.waitMs === 0 || request.signal?.aborted) return result
    empty = result
  } finally {
    reads.release(bytes)
  }
  const maxBytes = Math.min(request.maxBytes, afterWaitBytes)
  return waiting(empty, (signal) => api.fetch(topic, partition, { ...request, maxBytes, signal }))
}
