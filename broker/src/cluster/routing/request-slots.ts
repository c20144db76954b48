import { TailraceError } from '@tailrace/schemas'

/** So many calls at one time; the next ones wait for their turn, in order. */
export class RequestSlots {
  readonly #limit: number
  readonly #maxQueued: number
  readonly #queue: (() => void)[] = []
  #taken = 0

  constructor(limit: number, maxQueued: number) {
    this.#limit = limit
    this.#maxQueued = maxQueued
  }

  /** Whether the next call must wait for a turn. */
  get full(): boolean {
    return this.#taken >= this.#limit
  }

  /** Whether a call waits for a turn. */
  get crowded(): boolean {
    return this.#queue.length > 0
  }

  /** @throws TailraceError OVERLOADED: too many wait */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#limit) this.#taken += 1
    else await this.#turn()
    try {
      return await call()
    } finally {
      // A slot goes directly to the next call, so a call that comes in between cannot take it.
      const next = this.#queue.shift()
      if (next === undefined) this.#taken -= 1
      else next()
    }
  }

  #turn(): Promise<void> {
    if (this.#queue.length >= this.#maxQueued) {
      throw new TailraceError('OVERLOADED', `${this.#queue.length} reads wait for their turn at the leader's broker.`)
    }
    return new Promise((resolve) => void this.#queue.push(resolve))
  }
}
