/**
 * A rate, with what was not used of it lately, up to `most`. More than is there may be taken: what is missing is made
 * good before anything else is taken. `now`: monotonic milliseconds.
 */
export class TokenBucket {
  readonly perMs: number
  readonly most: number
  #tokens: number
  #at: number

  constructor(perMs: number, most: number, now: number) {
    this.perMs = perMs
    this.most = most
    this.#tokens = most
    this.#at = now
  }

  /** Milliseconds until nothing is missing. */
  waitMs(now: number): number {
    this.#fill(now)
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.perMs)
  }

  /** Milliseconds until so many are there; more than `most` never are, so that many are enough for any amount. */
  untilMs(amount: number, now: number): number {
    this.#fill(now)
    const missing = Math.min(amount, this.most) - this.#tokens
    return missing <= 0 ? 0 : Math.ceil(missing / this.perMs)
  }

  /** A negative amount is given back. */
  take(amount: number, now: number): void {
    this.#fill(now)
    this.#tokens = Math.min(this.most, this.#tokens - amount)
  }

  /** It says no more than a new one. */
  isFull(now: number): boolean {
    this.#fill(now)
    return this.#tokens >= this.most
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.most, this.#tokens + (now - this.#at) * this.perMs)
    this.#at = now
  }
}
