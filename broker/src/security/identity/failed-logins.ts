/** A client that tries credentials waits the longer the more of them were wrong. */
const FIRST_MS = 100
const MOST_MS = 5_000
/** The first wrong ones cost nothing: people mistype. */
const FREE = 3
const FORGOTTEN_AFTER_MS = 300_000
const MOST_ADDRESSES = 10_000

interface Failures {
  count: number
  lastAt: number
}

/** Wrong credentials of late, by the address that they came from. */
export class FailedLogins {
  readonly #failures = new Map<string, Failures>()

  /** Milliseconds until the next one of this address is looked at. */
  waitOf(address: string, now: number): number {
    const { count = 0, lastAt = 0 } = this.#recent(address, now) ?? {}
    if (count <= FREE) return 0
    return Math.max(0, lastAt + Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(count - FREE - 1, 16)) - now)
  }

  failed(address: string, now: number): void {
    const count = (this.#recent(address, now)?.count ?? 0) + 1
    this.#failures.delete(address)
    this.#failures.set(address, { count, lastAt: now })
    if (this.#failures.size > MOST_ADDRESSES) {
      const [oldest] = this.#failures.keys()
      this.#failures.delete(oldest!)
    }
  }

  succeeded(address: string): void {
    this.#failures.delete(address)
  }

  #recent(address: string, now: number): Failures | undefined {
    const known = this.#failures.get(address)
    return known !== undefined && now - known.lastAt < FORGOTTEN_AFTER_MS ? known : undefined
  }
}
