import type { Random } from '../../platform/random.ts'

/**
 * How long to wait before the next attempt: doubles from `minMs` to `maxMs`, of which the upper half is random, so that brokers that
 * lost each other at the same moment do not come back at the same moment.
 */
export class Backoff {
  readonly #random: Random
  readonly #minMs: number
  readonly #maxMs: number
  #failures = 0

  constructor(random: Random, minMs: number, maxMs: number) {
    this.#random = random
    this.#minMs = minMs
    this.#maxMs = maxMs
  }

  nextMs(): number {
    const ceiling = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#failures++, 30))
    const half = Math.ceil(ceiling / 2)
    return half + this.#random.below(ceiling - half + 1)
  }

  reset(): void {
    this.#failures = 0
  }
}
