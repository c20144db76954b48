import type { FoundLimit } from '../../../security/quotas/quota-index.ts'

/** Says which limit holds for it now. */
export interface CountedHolder {
  limit(): FoundLimit | null
}

interface Held {
  count: number
  /** Under which it is counted; null: no quota limits it. */
  key: string | null
}

/** Connections, or subscriptions, by the quota that limits them. */
export class HeldCount {
  readonly #holders = new Map<CountedHolder, Held>()
  readonly #byKey = new Map<string, number>()
  /** Of which the counts are. */
  #quotas: object | null = null

  /** `quotas`: another object after each change. False: the limit is reached. */
  take(holder: CountedHolder, quotas: object): boolean {
    const found = holder.limit()
    if (!this.hasRoom(found, quotas)) return false
    const held = this.#holders.get(holder) ?? { count: 0, key: found?.key ?? null }
    held.count++
    this.#holders.set(holder, held)
    this.#add(held.key, 1)
    return true
  }

  release(holder: CountedHolder): void {
    const held = this.#holders.get(holder)
    if (held === undefined) return
    this.#add(held.key, -1)
    if (--held.count === 0) this.#holders.delete(holder)
  }

  hasRoom(found: FoundLimit | null, quotas: object): boolean {
    if (quotas !== this.#quotas) this.#recount(quotas)
    return found === null || (this.#byKey.get(found.key) ?? 0) < found.limit
  }

  /** Another limit may hold for it from now on. */
  moved(holder: CountedHolder): void {
    const held = this.#holders.get(holder)
    if (held === undefined) return
    this.#add(held.key, -held.count)
    held.key = holder.limit()?.key ?? null
    this.#add(held.key, held.count)
  }

  #recount(quotas: object): void {
    this.#quotas = quotas
    for (const holder of this.#holders.keys()) this.moved(holder)
  }

  #add(key: string | null, count: number): void {
    if (key === null) return
    const sum = (this.#byKey.get(key) ?? 0) + count
    if (sum > 0) this.#byKey.set(key, sum)
    else this.#byKey.delete(key)
  }
}
