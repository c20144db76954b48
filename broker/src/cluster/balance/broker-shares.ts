import type { BrokerId } from '@tailrace/schemas'
import type { PicturedBroker, PicturedPartition } from './picture.ts'

/** What a replica costs beside its bytes, so that empty ones are spread too. */
const BASE_BYTES = 1024 * 1024
/** What a leadership costs beside its traffic, in bytes a second. */
const BASE_RATE = 1024
/** Bytes a second that brokers may differ by in any case: for less traffic no replica is moved. */
const SMALL_RATE = 1024 * 1024

/** The three things that are shared out: bytes on the disk, bytes a second that are written, and that are led. */
export type Weights = readonly [stored: number, written: number, led: number]
const KINDS = [0, 1, 2] as const
const WRITTEN: Kind = 1
type Kind = (typeof KINDS)[number]

/** What moves with a replica of the partition. `leads`: with the preferred leadership. */
export function weightsOf({ bytes, bytesPerSecond }: PicturedPartition, leads: boolean): Weights {
  return [bytes + BASE_BYTES, bytesPerSecond, leads ? bytesPerSecond + BASE_RATE : 0]
}

/** What moves with the preferred leadership alone. */
export function weightsOfLeadership({ bytesPerSecond }: PicturedPartition): Weights {
  return [0, 0, bytesPerSecond + BASE_RATE]
}

/**
 * How far each broker is from its part, which is the mean of those that stay: 0 is its part, 1 twice as much. Brokers
 * whose replicas have to go count only for what they still hold.
 */
export class BrokerShares {
  readonly #shares = new Map<BrokerId, [number, number, number]>()
  readonly #staying: readonly BrokerId[]
  readonly #means: [number, number, number] = [0, 0, 0]
  readonly #scales: [number, number, number] = [1, 1, 1]

  constructor(brokers: readonly PicturedBroker[], partitions: readonly PicturedPartition[]) {
    for (const { id } of brokers) this.#shares.set(id, [0, 0, 0])
    this.#staying = brokers.filter(({ leaving }) => leaving === null).map(({ id }) => id)
    for (const partition of partitions) {
      const [leader] = partition.replicas
      for (const id of partition.replicas) this.#add(id, weightsOf(partition, id === leader), 1)
    }
    for (const of of KINDS) {
      let sum = 0
      for (const share of this.#shares.values()) sum += share[of]
      this.#means[of] = sum / Math.max(1, this.#staying.length)
      this.#scales[of] = Math.max(of === WRITTEN ? SMALL_RATE : 1, this.#means[of])
    }
  }

  /** The sum of the squared distances of brokers from their parts. */
  get squares(): number {
    let squares = 0
    for (const id of this.#staying) for (const of of KINDS) squares += this.#distance(id, of) ** 2
    return squares
  }

  /** Root mean square of how far brokers are from their part: 0 is even, 1 as far as the part itself. */
  get imbalance(): number {
    return Math.sqrt(this.squares / Math.max(1, KINDS.length * this.#staying.length))
  }

  /** How far a broker is above its part where it is farthest. */
  excessOf(id: BrokerId): number {
    return Math.max(...KINDS.map((of) => this.#distance(id, of)))
  }

  /** The sum of what a broker has, by which the lightest of several is found. */
  burdenOf(id: BrokerId): number {
    return KINDS.reduce<number>((sum, of) => sum + this.#distance(id, of), 0)
  }

  /** What one broker leads, in relation to the mean. */
  ledBy(id: BrokerId): number {
    return this.#distance(id, 2)
  }

  /** By how much the sum of squares of all distances falls with this move. */
  gainOf(weights: Weights, from: BrokerId, to: BrokerId): number {
    let gain = 0
    for (const of of KINDS) {
      const weight = this.#inRelation(weights[of], of)
      gain += 2 * weight * (this.#distance(from, of) - this.#distance(to, of) - weight)
    }
    return gain
  }

  /**
   * Whether a move is worth its cost: brokers that differ by less than `least` of the mean are left as they are, and so
   * are those that would differ by hardly less afterwards.
   */
  isWorth(weights: Weights, from: BrokerId, to: BrokerId, hysteresis: Hysteresis): boolean {
    return (
      this.differ(from, to, hysteresis.least, weights) &&
      this.gainOf(weights, from, to) > this.leastGain(weights, hysteresis)
    )
  }

  /** Whether one broker has more than another by this part of the mean, of anything that `weights` has. */
  differ(from: BrokerId, to: BrokerId, least: number, weights: Weights = [1, 1, 1]): boolean {
    return KINDS.some((of) => weights[of] > 0 && this.#distance(from, of) - this.#distance(to, of) > least)
  }

  /** What a move must gain to be worth it. */
  leastGain(weights: Weights, { margin }: Hysteresis): number {
    return KINDS.reduce<number>((sum, of) => sum + 2 * margin * this.#inRelation(weights[of], of), 0)
  }

  move(weights: Weights, from: BrokerId, to: BrokerId): void {
    this.#add(from, weights, -1)
    this.#add(to, weights, 1)
  }

  #add(id: BrokerId, weights: Weights, times: number): void {
    const share = this.#shares.get(id)
    // A broker that is not in the picture takes no part.
    if (share === undefined) return
    for (const of of KINDS) share[of] += times * weights[of]
  }

  #distance(id: BrokerId, of: Kind): number {
    return this.#inRelation((this.#shares.get(id)?.[of] ?? 0) - this.#means[of], of)
  }

  #inRelation(amount: number, of: Kind): number {
    return amount / this.#scales[of]
  }
}

/** Parts of the mean, from 0 to 1. */
export interface Hysteresis {
  readonly least: number
  readonly margin: number
}
