import type { ProducerCounts } from './counters.ts'
import type { Lane } from './lane.ts'
import type { ProducerSettings } from './options.ts'

/**
 * Chooses the partition of records without a key. They fill one partition's batch, then the next one's: fuller batches,
 * and evenly spread (Kafka: KIP-480). Small batches are made for want of records or of time, not to have more of them
 * under way: while other partitions have as many as one may have, records stay where they are, and gather there.
 */
export class StickyPartition {
  readonly #settings: Pick<ProducerSettings, 'batchBytes' | 'maxInFlight'>
  readonly #counts: Pick<ProducerCounts, 'inFlight'>
  readonly #random: () => number
  /** Below zero: none has been chosen. */
  #at = -1
  /** What the partition had sealed when a record was last given to a new batch of it, and when it was chosen. */
  #batches = 0
  #bytes = 0

  constructor(
    settings: Pick<ProducerSettings, 'batchBytes' | 'maxInFlight'>,
    counts: Pick<ProducerCounts, 'inFlight'>,
    random: () => number,
  ) {
    this.#settings = settings
    this.#counts = counts
    this.#random = random
  }

  /** Its number among `lanes`, of which there is one at least. */
  choose(lanes: readonly StickyLane[]): number {
    const lane = lanes[this.#at]
    if (lane !== undefined && lane.sealedBatches === this.#batches) return this.#at
    if (lane === undefined || !this.#stays(lane)) this.#move(lanes)
    this.#batches = lanes[this.#at]!.sealedBatches
    return this.#at
  }

  /** The lanes are those of another topic now. */
  reset(): void {
    this.#at = -1
  }

  #stays(lane: StickyLane): boolean {
    const { batchBytes, maxInFlight } = this.#settings
    if (lane.isCongested || lane.sealedBytes - this.#bytes >= batchBytes) return false
    return this.#counts.inFlight - lane.inFlight >= maxInFlight
  }

  /** To the next one that is not congested. The first is any: producers that begin together do not move together. */
  #move(lanes: readonly StickyLane[]): void {
    if (this.#at < 0) this.#at = Math.floor(this.#random() * lanes.length)
    for (let tries = 0; tries < lanes.length; tries++) {
      this.#at = (this.#at + 1) % lanes.length
      if (!lanes[this.#at]!.isCongested) break
    }
    this.#bytes = lanes[this.#at]!.sealedBytes
  }
}

/** What the choice depends on. */
export type StickyLane = Pick<Lane, 'sealedBatches' | 'sealedBytes' | 'isCongested' | 'inFlight'>
