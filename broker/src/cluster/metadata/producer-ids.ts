import type { ProducerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'

/** As many as Kafka's controller gives out at once. Those left at a restart are never used. */
const BLOCK = 1000
const MAX_WAITING = 10_000

interface Waiting {
  readonly resolve: (id: ProducerId) => void
  readonly reject: (error: unknown) => void
}

/** Gives out producer ids from a block that the metadata group gave to this broker alone. */
export class ProducerIds {
  readonly #allocate: (count: number) => Promise<ProducerId>
  readonly #waiting: Waiting[] = []
  #next = 0
  #end = 0
  #refilling = false

  /** `allocate` resolves with the first of `count` fresh ids. */
  constructor(allocate: (count: number) => Promise<ProducerId>) {
    this.#allocate = allocate
  }

  take(): Promise<ProducerId> {
    if (this.#next < this.#end) return Promise.resolve(this.#next++)
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new TailraceError('OVERLOADED'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (!this.#refilling) void this.#refill()
    })
  }

  async #refill(): Promise<void> {
    this.#refilling = true
    try {
      while (this.#waiting.length > 0) {
        this.#next = await this.#allocate(BLOCK)
        this.#end = this.#next + BLOCK
        for (const { resolve } of this.#waiting.splice(0, BLOCK)) resolve(this.#next++)
      }
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    } finally {
      this.#refilling = false
    }
  }
}
