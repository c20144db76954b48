import type { RaftMessage } from '../../../broker/src/raft/messages.ts'
import type { EventQueue } from '../../../testing/src/simulation/event-queue.ts'
import type { SimRandom } from '../../../testing/src/simulation/sim-random.ts'

/** A message with the contents of its entries, as a driver carries batches beside an append. */
export interface Parcel {
  readonly message: RaftMessage
  readonly values: readonly number[]
}

export interface NetworkFaults {
  /** Probability that a message is lost. */
  readonly loss: number
  /** Probability that it comes twice. */
  readonly duplication: number
  /** Microseconds; each message draws its own delay, so messages overtake each other. */
  readonly minDelay: number
  readonly maxDelay: number
  /** Probability that a message takes up to ten times maxDelay. */
  readonly straggler: number
}

/** Microseconds for which a link that is cut may hold back messages in flight. */
const LATEST_DRAIN = 200_000

export const calmNetwork: NetworkFaults = { loss: 0, duplication: 0, minDelay: 100, maxDelay: 400, straggler: 0 }

/** Links between brokers. Messages in flight survive a crash of either end, and arrive at its next incarnation (M2). */
export class SimNetwork {
  faults: NetworkFaults
  readonly #queue: EventQueue
  readonly #random: SimRandom
  /** Directed links that take no messages, and those that deliver none either, as from * 16 + to. */
  readonly #cut = new Set<number>()
  readonly #silent = new Set<number>()

  constructor(queue: EventQueue, random: SimRandom, faults: NetworkFaults) {
    this.#queue = queue
    this.#random = random
    this.faults = faults
  }

  /** `deliver` is called when it arrives: once, never, or twice. */
  send(from: number, to: number, deliver: () => void): void {
    const link = from * 16 + to
    if (this.#cut.has(link) || this.#random.chance(this.faults.loss)) return
    this.#queue.after(this.#delay(), () => this.#arrive(link, deliver))
    if (this.#random.chance(this.faults.duplication))
      this.#queue.after(this.#delay(), () => this.#arrive(link, deliver))
  }

  /** `drain`: messages in flight arrive, but late. */
  cut(from: number, to: number, drain: boolean): void {
    this.#cut.add(from * 16 + to)
    if (!drain) this.#silent.add(from * 16 + to)
  }

  heal(): void {
    this.#cut.clear()
    this.#silent.clear()
  }

  #delay(): number {
    const { minDelay, maxDelay, straggler } = this.faults
    const longest = this.#random.chance(straggler) ? maxDelay * 10 : maxDelay
    return this.#random.between(minDelay, longest)
  }

  #arrive(link: number, deliver: () => void, late = false): void {
    if (this.#silent.has(link)) return
    if (this.#cut.has(link) && !late)
      this.#queue.after(this.#random.below(LATEST_DRAIN), () => this.#arrive(link, deliver, true))
    else deliver()
  }
}
