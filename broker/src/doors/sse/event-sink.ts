import type { PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { TransportMetrics } from '../limits/metrics.ts'
import type { Delivery } from '../standing/delivery.ts'
import type { OutOfRange, ResolvedPartition, SubscriptionSink } from '../subscriptions/subscription-sink.ts'
import { type KeyFilter, recordEvents } from './event-text.ts'
import type { StreamPosition } from './stream-position.ts'

export interface EventClient {
  /** Whole events. */
  send(events: string | Uint8Array): void
  /** Records may flow. */
  begin(): void
  /** The stream is over: no partition of it goes on alone. */
  end(partition: PartitionNumber | null, error: TailraceError, range?: OutOfRange): void
}

/** Sends a subscription as server-sent events, each with the position behind it as its id. */
export class EventSink implements SubscriptionSink {
  readonly fetchBytes = 64 * 1024
  readonly position: StreamPosition
  readonly #topic: string
  readonly #filter: KeyFilter | null
  readonly #client: EventClient
  readonly #metrics: Pick<TransportMetrics, 'fetched'>
  /** The position is further than the last id that was sent. */
  #hasMoved = false

  /** `filter` null: records with any key, or none. */
  constructor(
    { topic, position, filter }: { topic: string; position: StreamPosition; filter: KeyFilter | null },
    client: EventClient,
    metrics: Pick<TransportMetrics, 'fetched'>,
  ) {
    this.#topic = topic
    this.position = position
    this.#filter = filter
    this.#client = client
    this.#metrics = metrics
  }

  subscribed(partitions: readonly ResolvedPartition[], topicId: string): void {
    for (const { partition, offset } of partitions) this.position.move(partition, offset)
    const places = partitions.map(({ partition, offset, highWatermark }) => ({ partition, offset, highWatermark }))
    this.#client.begin()
    const told = { topic: this.#topic, topicId, partitions: places }
    this.#client.send(`event: subscribed\nid: ${this.position}\ndata: ${JSON.stringify(told)}\n\n`)
    this.#hasMoved = false
  }

  records(partition: PartitionNumber, delivery: Delivery): ReturnType<SubscriptionSink['records']> {
    const { utf8, nextOffset } = recordEvents(delivery, partition, this.position.around(partition), this.#filter)
    this.#hasMoved ||= nextOffset > delivery.offset
    this.position.move(partition, nextOffset)
    // What a filter leaves out has been read as well.
    const readBytes = this.#filter === null ? 0 : delivery.found.bytes
    if (utf8 === null) return { bytes: readBytes, nextOffset }
    this.#client.send(utf8)
    this.#metrics.fetched(delivery.found, delivery.counts)
    return { bytes: Math.max(utf8.length, readBytes), nextOffset }
  }

  ended(partition: PartitionNumber | null, error: TailraceError, range?: OutOfRange): void {
    this.#client.end(partition, error, range)
  }

  /** Shows that the stream lives, with an id where the position has moved without records to send. */
  heartbeat(): string {
    const text = this.#hasMoved ? `id: ${this.position}\n\n` : ':\n\n'
    this.#hasMoved = false
    return text
  }
}
