import { TailraceError } from '@tailrace/schemas'

export interface NewProducerLimits {
  /** Producer ids that one client may take at once. */
  readonly producersAtOnce: number
  /** Milliseconds after which a client that has taken all of them may take one more. */
  readonly producerEveryMs: number
}

/** Clients remembered; those that have not taken an id for long are forgotten first. */
const maxClients = 10_000

/**
 * Bounds the producer ids that one client takes: each may be remembered by every partition that it publishes to for a
 * day, and a partition remembers a bounded number. A client's allowance grows back by one in `producerEveryMs`.
 */
export class NewProducers {
  readonly #limits: NewProducerLimits
  /** When the allowance of each client is whole again, the latest change last. */
  readonly #wholeAt = new Map<string, number>()

  constructor(limits: NewProducerLimits) {
    this.#limits = limits
  }

  /** `now`: monotonic milliseconds. @throws TailraceError TOO_MANY_PRODUCERS */
  take(client: string, now: number): void {
    const { producersAtOnce, producerEveryMs } = this.#limits
    const wholeAt = Math.max(this.#wholeAt.get(client) ?? now, now) + producerEveryMs
    if (wholeAt - now > producersAtOnce * producerEveryMs) {
      throw new TailraceError(
        'TOO_MANY_PRODUCERS',
        `This client has taken ${producersAtOnce} producer ids; another one is given every ${producerEveryMs} ms.`,
      )
    }
    this.#wholeAt.delete(client)
    this.#wholeAt.set(client, wholeAt)
    if (this.#wholeAt.size > maxClients) this.#wholeAt.delete(this.#wholeAt.keys().next().value!)
  }
}
