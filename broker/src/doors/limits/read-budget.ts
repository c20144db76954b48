/**
 * Bytes that a read gets however little is left, so that no reader starves. A first batch that is larger comes whole.
 */
const leastBytes = 64 * 1024

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
