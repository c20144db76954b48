import type { ProducerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { ANONYMOUS } from '../../security/identity/principal.ts'

/** As many as Kafka's controller gives out at once. Those left at a restart are never used. */
const BLOCK = 1000
/** Of a principal, of which there may be many. */
const OWNED_BLOCK = 100
const MAX_PRINCIPALS = 10_000
const MAX_WAITING = 10_000

interface Waiting {
  readonly resolve: (id: ProducerId) => void
  readonly reject: (error: unknown) => void
}

/** Gives out producer ids from a block that the metadata group gave to this broker alone. */
export class ProducerIds {
  readonly #allocate: (count: number) => Promise<ProducerId>
  readonly #block: number
  readonly #waiting: Waiting[] = []
  #next = 0
  #end = 0
  #refilling = false

  /** `allocate` resolves with the first of `count` fresh ids. */
  constructor(allocate: (count: number) => Promise<ProducerId>, block = BLOCK) {
    this.#allocate = allocate
    this.#block = block
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
        this.#next = await this.#allocate(this.#block)
        this.#end = this.#next + this.#block
        for (const { resolve } of this.#waiting.splice(0, this.#block)) resolve(this.#next++)
      }
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    } finally {
      this.#refilling = false
    }
  }
}

/** Gives each principal ids of its own; those of ANONYMOUS are anybody's. */
export class OwnedProducerIds {
  readonly #allocate: (principal: string, count: number) => Promise<ProducerId>
  readonly #blocks = new Map<string, ProducerIds>()

  constructor(allocate: (principal: string, count: number) => Promise<ProducerId>) {
    this.#allocate = allocate
  }

  take(principal = ANONYMOUS): Promise<ProducerId> {
    let ids = this.#blocks.get(principal)
    if (ids === undefined) {
      const block = principal === ANONYMOUS ? BLOCK : OWNED_BLOCK
      ids = new ProducerIds((count) => this.#allocate(principal, count), block)
      // The oldest one loses what is left of its block.
      if (this.#blocks.size >= MAX_PRINCIPALS) this.#blocks.delete(this.#blocks.keys().next().value!)
      this.#blocks.set(principal, ids)
    }
    return ids.take()
  }
}
