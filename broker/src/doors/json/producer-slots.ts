import type { ProducerId } from '@tailrace/schemas'

/** An idempotent producer that one request holds at a time. */
export interface ProducerSlot {
  readonly producerId: ProducerId
  readonly epoch: number
  /**
   * Next sequence by `topicId/partition`. A topic that is deleted and made anew has another id, so it starts at 0
   * again.
   */
  readonly sequences: Map<string, number>
}

/** Beyond this a slot has seen so many partitions that a new producer id is cheaper than its memory. */
const maxSequences = 10_000
/**
 * As many as requests are at work at once: given up after a burst, they would leave ids that partitions remember for a
 * day.
 */
const maxIdle = 1_000
const sequenceLimit = 2 ** 31

/**
 * Producers for callers that have none (HTTP and JSON). A request borrows one for itself alone, so its batches have no
 * gap before them, and a retry inside the gateway is dropped by the broker as a duplicate (Kafka's rules, kafka
 * KIP-98). A slot with an unknown outcome is never given back: the next request must not follow a sequence that may or
 * may not be in the log.
 */
export class ProducerSlots {
  readonly #initProducer: () => Promise<{ producerId: ProducerId; epoch: number }>
  readonly #idle: ProducerSlot[] = []

  constructor(initProducer: () => Promise<{ producerId: ProducerId; epoch: number }>) {
    this.#initProducer = initProducer
  }

  /** The slot used last comes first, so that few producers are alive. Rejects as BrokerApi.initProducer does. */
  async borrow(): Promise<ProducerSlot> {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    const { producerId, epoch } = await this.#initProducer()
    return { producerId, epoch, sequences: new Map() }
  }

  giveBack(slot: ProducerSlot): void {
    if (this.#idle.length < maxIdle && slot.sequences.size <= maxSequences) this.#idle.push(slot)
  }
}

/**
 * Takes `count` sequences of the slot for a partition; the first of them. They wrap to 0 after 2^31-1, as Kafka's do.
 */
export function takeSequences(slot: ProducerSlot, partitionKey: string, count: number): number {
  const first = slot.sequences.get(partitionKey) ?? 0
  slot.sequences.set(partitionKey, (first + count) % sequenceLimit)
  return first
}
