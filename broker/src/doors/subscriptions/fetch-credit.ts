/** Fetches at once that are sure to bring data; those that wait at the end of the log come on top. */
const maxFetches = 8
const smallestFetchBytes = 16 * 1024
const maxCredit = 2 ** 50

/** The bytes that a subscriber takes, shared by the partitions that it follows. */
export class FetchCredit {
  #granted: number
  #reserved = 0
  #fetches = 0

  constructor(granted: number) {
    this.#granted = Math.min(granted, maxCredit)
  }

  /** Bytes that are neither sent nor set aside. */
  get left(): number {
    return this.#granted - this.#reserved
  }

  /** False: all has been sent, whatever was set aside. */
  get remains(): boolean {
    return this.#granted > 0
  }

  /** As many fetches that will bring data are under way as may be. */
  get isBusy(): boolean {
    return this.#fetches >= maxFetches
  }

  grant(bytes: number): void {
    this.#granted = Math.min(this.#granted + bytes, maxCredit)
  }

  spend(bytes: number): void {
    this.#granted -= bytes
  }

  /** The part of a fetch, where `waiting` more partitions wait for a turn; but not in tiny parts. */
  share(fetchBytes: number, waiting: number): number {
    const share = Math.max(this.left / Math.min(maxFetches, waiting + 1), smallestFetchBytes)
    return Math.min(fetchBytes, this.left, Math.ceil(share))
  }

  /** For a fetch that begins. */
  reserve(bytes: number): void {
    this.#reserved += bytes
    this.#fetches++
  }

  /** The fetch has ended. */
  release(bytes: number): void {
    this.#reserved -= bytes
    this.#fetches--
  }
}
