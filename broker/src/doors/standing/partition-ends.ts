import type { Offset, PartitionNumber } from '@tailrace/schemas'
import type { BrokerApi } from '../../api/broker-api.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import { PartitionEnd, readersInATurn, type StandingReader } from './partition-end.ts'

export interface ReadPlace {
  readonly topic: string
  readonly topicId: string
  readonly partition: PartitionNumber
  /** Of this broker's own replica. */
  readonly replica: boolean
}

/** From one look at the rights of all that stand to the next. */
const lookMs = 30_000

/**
 * The ends of all partitions at which readers of this broker stand, whichever door they came through. They are read
 * without anybody's rights: each reader checks its own with every delivery, and every 30 s where nothing comes.
 */
export class PartitionEnds {
  readonly #api: Pick<BrokerApi, 'fetch'>
  readonly #clock: Clock
  readonly #ends = new Map<string, PartitionEnd>()
  /** Null: nobody stands anywhere. */
  #looks: TimerHandle | null = null
  #isLooking = false

  constructor(api: Pick<BrokerApi, 'fetch'>, clock: Clock) {
    this.#api = api
    this.#clock = clock
  }

  /** Whether readers stand at this offset, so that one more costs no read. */
  isAwaited(place: ReadPlace, offset: Offset): boolean {
    return this.#ends.get(keyOf(place))?.isAt(offset) === true
  }

  /** Null: others stand at another offset of the partition, and this reader must read by itself. */
  stand(place: ReadPlace, reader: StandingReader): PartitionEnd | null {
    const key = keyOf(place)
    const end = this.#ends.get(key) ?? this.#begin(key, place, reader.offset)
    return end.stand(reader) ? end : null
  }

  #begin(key: string, { topic, topicId, partition, replica }: ReadPlace, offset: Offset): PartitionEnd {
    const end = new PartitionEnd(
      offset,
      async (request) => this.#api.fetch(topic, partition, { ...request, replica, topicId }),
      this.#clock,
      (over) => {
        if (this.#ends.get(key) === over) this.#ends.delete(key)
        if (this.#ends.size > 0) return
        this.#looks?.cancel()
        this.#looks = null
      },
    )
    this.#ends.set(key, end)
    this.#looks ??= this.#clock.every(lookMs, () => this.#look())
    return end
  }

  #look(): void {
    // The last one is still under way.
    if (this.#isLooking) return
    this.#isLooking = true
    this.#ask(this.#standing())
  }

  *#standing(): Generator<[PartitionEnd, StandingReader]> {
    for (const end of this.#ends.values()) for (const reader of end.readers) yield [end, reader]
  }

  #ask(standing: Iterator<[PartitionEnd, StandingReader]>): void {
    for (let asked = 0; asked < readersInATurn; asked++) {
      const { value, done } = standing.next()
      if (done === true) {
        this.#isLooking = false
        return
      }
      const [end, reader] = value
      end.check(reader)
    }
    this.#clock.soon(() => this.#ask(standing))
  }
}

function keyOf({ topicId, partition, replica }: ReadPlace): string {
  return `${topicId} ${partition} ${replica}`
}
