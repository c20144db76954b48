/** A `Connection` of the client, as far as its end matters. */
export interface Carrier {
  readonly isOpen: boolean
  /** Calls `listener` once, before the other side can know of the end. Returns how to take that back. */
  onLost(listener: () => void): () => unknown
}

/**
 * The connections that have carried the beats of a member. When one ends, a broker may tell the coordinator, which then
 * counts on the member no longer, unless it has heard a later beat on another one. So from the end on, only the answer
 * to a beat that was sent after all beats of that connection confirms the member's leases.
 */
export class BeatConnections {
  readonly #onEnd: () => void
  /** The last beat that each one has carried. */
  readonly #last = new Map<Carrier, number>()
  readonly #listening = new Map<Carrier, () => unknown>()
  #sent = 0
  #answered = 0
  /** Beats up to this one were, or may have been, carried by a connection that has ended. */
  #void = 0

  /** `onEnd`: the coordinator may be told that this member is gone. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** The number of a new beat. */
  next(): number {
    return ++this.#sent
  }

  /** The beat with this number leaves on it now. */
  carries(connection: Carrier, number: number): void {
    if (!connection.isOpen) return
    this.#last.set(connection, number)
    if (this.#listening.has(connection)) return
    this.#listening.set(
      connection,
      connection.onLost(() => this.#ended(connection)),
    )
  }

  /** Whether the answer confirms the member's leases. */
  answered(number: number): boolean {
    this.#answered = Math.max(this.#answered, number)
    return number > this.#void
  }

  /** No beats follow. */
  close(): void {
    for (const forget of this.#listening.values()) forget()
    this.#listening.clear()
  }

  #ended(connection: Carrier): void {
    this.#listening.delete(connection)
    const last = this.#last.get(connection)!
    this.#last.delete(connection)
    // The coordinator has heard a later beat, on another connection.
    if (last < this.#answered) return
    this.#void = Math.max(this.#void, last)
    this.#onEnd()
  }
}
