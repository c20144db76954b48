/** The share of a limit that one client may take at most: the rest is left to all others. */
const largestShare = 0.75

/** Counts places that clients take, with a limit for all of them and a share of it for each. */
export class ClientShares {
  readonly #limit: number
  readonly #share: number
  readonly #byClient = new Map<string, number>()
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
    this.#share = Math.ceil(limit * largestShare)
  }

  get taken(): number {
    return this.#taken
  }

  /** False when the limit or the client's share is reached; else to be given back with `release`. */
  take(client: string): boolean {
    const own = this.#byClient.get(client) ?? 0
    if (this.#taken >= this.#limit || own >= this.#share) return false
    this.#byClient.set(client, own + 1)
    this.#taken++
    return true
  }

  release(client: string): void {
    const own = this.#byClient.get(client) ?? 0
    if (own > 1) this.#byClient.set(client, own - 1)
    else this.#byClient.delete(client)
    this.#taken--
  }
}
