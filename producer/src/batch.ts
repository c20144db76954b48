import { withResolvers } from '@tailrace/client'
import { type BrokerId, type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { Condition } from './publish-parts/condition.ts'
import type { ProducerRecord, Sent } from './record.ts'

/** A broker's answer for a batch that is on a majority's disks, and the topic that the batch was sent to. */
export interface Acknowledgement {
  readonly topicId: string
  readonly baseOffset: number
  readonly token: string | null
  readonly holders: readonly BrokerId[]
}

/** A call that waits for records. `position` tells it which of its records an outcome belongs to. */
export interface Settler {
  settle(position: number, sent: Sent): void
  fail(error: TailraceError): void
  recordAt(position: number): ProducerRecord
  /** Resolves, never rejects, when the outcome has been reported. */
  whenSettled(): Promise<unknown>
}

/**
 * Records of one partition that are sent together, and the calls that wait for them. Once a batch has a sequence it is
 * sent as the same bytes under the same sequence until its outcome is known.
 */
export class Batch {
  readonly partition: PartitionNumber
  /** When the first record came (monotonic). */
  readonly createdAt: number
  /** undefined while records are still being added. */
  bytes: Uint8Array | undefined
  /** Bytes that it takes of the producer's memory allowance. */
  bufferedBytes = 0
  /**
   * waiting: to be sent, or sent. acknowledged: on a majority's disks. gap: failed after it had been given a sequence,
   * which brokers now miss, or may have: what follows it cannot be sent under the same producer id. moved: its records
   * are in flight in other batches.
   */
  state: 'waiting' | 'acknowledged' | 'gap' | 'moved' = 'waiting'
  /** Some transmission got no definite answer, so the broker may have the batch, or may still receive it. */
  outcomeUnknown = false
  /** Sent once at least. */
  wasSent = false
  /** Sent when no batch before it was open: an answer about its sequence then concerns this batch alone. */
  sentAsHead = false
  /** Its records are written together under it, or not at all. */
  condition: Condition | undefined
  /** It failed, was refused each time that it was sent, and so has used none of its sequences. */
  isRefused = false
  /** Until when (monotonic) errors that may come from a broker that lags behind count as temporary. */
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

  /**
   * Two batches without bytes, the first with `count` of the records. The calls that wait for this batch wait for both.
   */
  split(count: number): [Batch, Batch] {
    const parts: [Batch, Batch] = [new Batch(this.partition, this.createdAt), new Batch(this.partition, this.createdAt)]
    this.state = 'moved'
    const share = Math.floor(this.bufferedBytes / this.count)
    for (let i = 0; i < this.count; i++) {
      const bytes = i === 0 ? this.bufferedBytes - share * (this.count - 1) : share
      parts[i < count ? 0 : 1].add(this.#settlers[i]!, this.#positions[i]!, bytes)
    }
    if (this.#whenSettled !== undefined) {
      void Promise.all(parts.map((part) => part.whenSettled())).then(this.#whenSettled.resolve as () => void)
    }
    return parts
  }

  /** Resolves, never rejects, when every record's outcome has been reported. */
  whenSettled(): Promise<void> {
    this.#whenSettled ??= withResolvers()
    return this.#whenSettled.promise
  }

  /** Its topic is gone and another one has the name: every record goes into batches of that. */
  moveTo(take: (record: ProducerRecord, settler: Settler, position: number) => void): void {
    this.state = 'moved'
    for (let i = 0; i < this.#settlers.length; i++) {
      const settler = this.#settlers[i]!
      const position = this.#positions[i]!
      try {
        take(settler.recordAt(position), settler, position)
      } catch (error) {
        settler.fail(TailraceError.from(error))
      }
    }
    const settled = [...new Set(this.#settlers)].map((settler) => settler.whenSettled())
    if (this.#whenSettled !== undefined) void Promise.all(settled).then(() => this.#whenSettled!.resolve())
  }

  acknowledge({ baseOffset, token, holders, topicId }: Acknowledgement): void {
    this.state = 'acknowledged'
    const { partition } = this
    for (let i = 0; i < this.#settlers.length; i++) {
      this.#settlers[i]!.settle(this.#positions[i]!, { partition, offset: baseOffset + i, token, holders, topicId })
    }
    this.#whenSettled?.resolve()
  }

  fail(error: TailraceError): void {
    this.state = 'gap'
    for (const settler of this.#settlers) settler.fail(error)
    this.#whenSettled?.resolve()
  }
}
