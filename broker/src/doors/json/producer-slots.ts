import { type ProducerId, TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import { RetryPause } from '../limits/retry-pause.ts'
import { isRetried } from './sending.ts'

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

export interface ProducerSlotParts {
  readonly clock: Clock
  readonly random: Random
  readonly initProducer: () => Promise<{ producerId: ProducerId; epoch: number }>
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
  readonly #parts: ProducerSlotParts
  readonly #idle: ProducerSlot[] = []

  constructor(parts: ProducerSlotParts) {
    this.#parts = parts
  }

  /**
   * The slot used last comes first, so that few producers are alive. `deadline`: monotonic milliseconds, up to which a
   * new one is asked for. Rejects as BrokerApi.initProducer does; LEADER_UNAVAILABLE: it did not answer in time.
   */
  async borrow(deadline: number): Promise<ProducerSlot> {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    const { clock, random } = this.#parts
    const pause = new RetryPause(clock, random)
    for (;;) {
      try {
        return await this.#make(Math.max(1, deadline - clock.monotonic()))
      } catch (error) {
        if (!isRetried(error) || clock.monotonic() + pause.nextMs >= deadline) throw error
        await pause.wait()
      }
    }
  }

  giveBack(slot: ProducerSlot): void {
    if (this.#idle.length < maxIdle && slot.sequences.size <= maxSequences) this.#idle.push(slot)
  }

  #make(ms: number): Promise<ProducerSlot> {
    let isLate = false
    const made = this.#parts.initProducer().then(({ producerId, epoch }) => {
      const slot: ProducerSlot = { producerId, epoch, sequences: new Map() }
      // Nobody waits for it any more: the next request has it.
      if (isLate) this.giveBack(slot)
      return slot
    })
    return withDeadline(this.#parts.clock, ms, made, () => {
      isLate = true
      throw new TailraceError('LEADER_UNAVAILABLE', 'The metadata leader gave no producer id in time.')
    })
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
