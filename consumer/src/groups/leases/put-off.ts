import { Fifo } from '@tailrace/client'
import type { ConsumerRecord } from '../../record.ts'
import { type DueRecord, partitionKey } from '../beats/beat-messages.ts'
import type { LeasedPartition } from './leased-partition.ts'

/** Records that have come again, and are not finished, at a time. */
const MOST_AT_ONCE = 16

interface Due<Data> {
  readonly due: DueRecord
  readonly partition: LeasedPartition<Data>
  isFinished: boolean
}

export interface PutOffParts<Data> {
  partition(key: string): LeasedPartition<Data> | undefined
  /** Undefined: it is not there any more. */
  fetch(partition: LeasedPartition<Data>, due: DueRecord): Promise<ConsumerRecord<Data> | undefined>
  /** It can be taken. */
  offer(partition: LeasedPartition<Data>): void
  gone(partition: LeasedPartition<Data>, due: DueRecord): void
  failed(partition: LeasedPartition<Data>, error: unknown): void
}

/** Records that were put off and are due: each is read again, and handed out once for each time that it is due. */
export class PutOff<Data> {
  readonly #parts: PutOffParts<Data>
  readonly #known = new Map<string, Due<Data>>()
  readonly #waiting = new Fifo<Due<Data>>()
  #open = 0

  constructor(parts: PutOffParts<Data>) {
    this.#parts = parts
  }

  /** What the coordinator says is due, again and again until it is done. */
  told(all: readonly DueRecord[]): void {
    const told = new Set(all.map(keyOf))
    for (const [key, { isFinished }] of this.#known) if (isFinished && !told.has(key)) this.#known.delete(key)
    for (const due of all) {
      const partition = this.#parts.partition(partitionKey(due))
      const known = this.#known.get(keyOf(due))
      if (partition === undefined || partition.lease.token !== due.token || known?.partition === partition) continue
      const added = { due, partition, isFinished: false }
      this.#known.set(keyOf(due), added)
      this.#waiting.push(added)
    }
    this.#next()
  }

  #next(): void {
    while (this.#open < MOST_AT_ONCE) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      if (!next.partition.isHeld) next.isFinished = true
      else {
        this.#open++
        void this.#bring(next)
      }
    }
  }

  async #bring(next: Due<Data>): Promise<void> {
    const { due, partition } = next
    const finished = (): void => {
      next.isFinished = true
      this.#open--
      this.#next()
    }
    try {
      const record = await this.#parts.fetch(partition, due)
      if (record === undefined) this.#parts.gone(partition, due)
      if (record !== undefined && partition.isHeld) {
        partition.comeAgain(record, due, finished)
        this.#parts.offer(partition)
        return
      }
    } catch (error) {
      this.#parts.failed(partition, error)
    }
    finished()
  }
}

function keyOf({ topicId, partition, offset, attempt }: DueRecord): string {
  return `${topicId}/${partition}:${offset}:${attempt}`
}
