import type { QuotaKind } from '../../../api/quotas.ts'
import type { FoundLimit } from '../../../security/quotas/quota-index.ts'
import { TokenBucket } from './token-bucket.ts'

/** Of as many entities what they have used is known. */
const MOST_BUCKETS = 10_000
/** Buckets looked at for one that can go, when there are as many. */
const MOST_LOOKED_AT = 100
const HOUR_MS = 3_600_000
/** Limits that are rates, and the time that each is for. */
const periods: { readonly [Kind in QuotaKind]?: number } = {
  produceBytesPerSecond: 1000,
  fetchBytesPerSecond: 1000,
  requestsPerSecond: 1000,
  topicsPerHour: HOUR_MS,
  partitionsPerHour: HOUR_MS,
}

/** What entities have used of their rates. A client can name itself as it likes, so their number is bounded. */
export class Buckets {
  readonly #byKey = new Map<string, TokenBucket>()

  get size(): number {
    return this.#byKey.size
  }

  of({ kind, key, limit }: FoundLimit, now: number): TokenBucket {
    const known = this.#byKey.get(key)
    const perMs = limit / periods[kind]!
    if (known?.perMs === perMs) return known
    const bucket = new TokenBucket(perMs, limit, now)
    // Another limit from now on: what is missing stays missing, and nothing is given at once.
    if (known !== undefined) bucket.take(limit + known.waitMs(now) * known.perMs, now)
    if (known === undefined && this.#byKey.size >= MOST_BUCKETS) this.#dropOne(now)
    this.#byKey.set(key, bucket)
    return bucket
  }

  /** A full one if possible, of those that were made first. */
  #dropOne(now: number): void {
    let looked = 0
    for (const [key, bucket] of this.#byKey) {
      if (bucket.isFull(now)) {
        this.#byKey.delete(key)
        return
      }
      if (++looked >= MOST_LOOKED_AT) break
    }
    this.#byKey.delete(this.#byKey.keys().next().value!)
  }
}
