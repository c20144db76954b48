import type { BrokerId, PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { Sent } from './record.ts'

/** What a broker says of a batch that is on a majority's disks. */
export interface Acknowledgement {
  readonly baseOffset: number
  readonly token: string | null
  readonly holders: readonly BrokerId[]
}

/** Whoever waits for records: `position` tells it which of its records an outcome belongs to. */
export interface Settler {
  settle(position: number, sent: Sent): void
  fail(error: TailraceError): void
}

/**
 * Records of one partition on their way together, and who waits for them. Once it has a sequence it is sent as the same bytes under the
 * same sequence until its outcome is known.
 */
export class Batch {
  readonly partition: PartitionNumber
  /** performance.now() of the first record. */
  readonly createdAt: number
  /** undefined while records are still being added. */
  bytes: Uint8Array | undefined
  /** Bytes that it takes of the producer's memory allowance. */
  bufferedBytes = 0
  /**
   * waiting: to be sent, or sent. acknowledged: on a majority's disks. gap: failed after it had been given a sequence, which brokers now
   * miss, or may have: what follows it cannot be sent under the same producer id.
   */
  state: 'waiting' | 'acknowledged' | 'gap' = 'waiting'
  /** Some transmission got no definite answer, so the broker may have it, or may yet get it out of a pipe. */
  outcomeUnknown = false
  /** Sent when nothing before it was open: an answer about its sequence is then about nobody else's. */
  sentAsHead = false
  /** Until when (performance.now) errors that may come from a broker that lags behind are taken for passing. */
  graceUntil = 0
  readonly #settlers: Settler[] = []
  readonly #positions: number[] = []
  #whenSettled: PromiseWithResolvers<void> | undefined

  constructor(partition: PartitionNumber, createdAt: number) {
    this.partition = partition
    this.createdAt = createdAt
  }

  get count(): number {
    return this.#settlers.length
  }

  add(settler: Settler, position: number, bytes: number): void {
    this.#settlers.push(settler)
    this.#positions.push(position)
    this.bufferedBytes += bytes
  }

  /** Resolves, never rejects, when every record's outcome has been told. */
  whenSettled(): Promise<void> {
    this.#whenSettled ??= Promise.withResolvers()
    return this.#whenSettled.promise
  }

  acknowledge({ baseOffset, token, holders }: Acknowledgement): void {
    this.state = 'acknowledged'
    const { partition } = this
    for (let i = 0; i < this.#settlers.length; i++) {
      this.#settlers[i]!.settle(this.#positions[i]!, { partition, offset: baseOffset + i, token, holders })
    }
    this.#whenSettled?.resolve()
  }

  fail(error: TailraceError): void {
    this.state = 'gap'
    for (const settler of this.#settlers) settler.fail(error)
    this.#whenSettled?.resolve()
  }
}
