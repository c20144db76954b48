import type { PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { TransportMetrics } from '../limits/metrics.ts'
import type { Delivery } from '../standing/delivery.ts'
import type { OutOfRange, ResolvedPartition, SubscriptionSink } from '../subscriptions/subscription-sink.ts'
import { frameOf } from './messages/server-frame.ts'
import type { SharedTexts } from './messages/shared-texts.ts'
import { shownRecords } from './messages/shown-records.ts'
import type { StreamClient } from './stream-client.ts'
import type { TextId } from './text-requests.ts'

/** Sends a subscription as JSON. Credit counts the characters of the messages. */
export class TextSink implements SubscriptionSink {
  readonly fetchBytes = 64 * 1024
  readonly #id: TextId
  readonly #topic: string
  readonly #client: StreamClient
  readonly #metrics: TransportMetrics
  readonly #texts: SharedTexts
  readonly #tellError: TextSink['ended']
  /** What stands before the records in each message of a partition. */
  readonly #before = new Map<PartitionNumber, string>()

  constructor(
    { id, topic }: { readonly id: TextId; readonly topic: string },
    {
      client,
      metrics,
      texts,
    }: { readonly client: StreamClient; readonly metrics: TransportMetrics; readonly texts: SharedTexts },
    tellError: TextSink['ended'],
  ) {
    this.#id = id
    this.#topic = topic
    this.#client = client
    this.#metrics = metrics
    this.#texts = texts
    this.#tellError = tellError
  }

  subscribed(partitions: readonly ResolvedPartition[], topicId: string): void {
    const places = partitions.map(({ partition, offset, highWatermark }) => ({ partition, offset, highWatermark }))
    const [id, topic] = [this.#id, this.#topic]
    this.#client.sendText(JSON.stringify({ op: 'subscribed', id, topic, topicId, partitions: places }))
  }

  records(partition: PartitionNumber, delivery: Delivery): ReturnType<SubscriptionSink['records']> {
    const records = shownRecords(delivery, this.#texts)
    if (records === null) return { bytes: 0, nextOffset: Math.max(delivery.found.nextOffset, delivery.offset) }
    const before = this.#beforeRecords(partition)
    this.#client.sendMessage(delivery.message(before, () => frameOf('text', [Buffer.from(before), ...records.pieces])))
    this.#metrics.fetched(delivery.found, delivery.counts)
    return { bytes: before.length + records.characters, nextOffset: records.nextOffset }
  }

  #beforeRecords(partition: PartitionNumber): string {
    let before = this.#before.get(partition)
    if (before === undefined) {
      const place = JSON.stringify({ op: 'records', id: this.#id, topic: this.#topic, partition })
      before = `${place.slice(0, -1)},"records":`
      this.#before.set(partition, before)
    }
    return before
  }

  ended(partition: PartitionNumber | null, error: TailraceError, range?: OutOfRange): void {
    this.#tellError(partition, error, range)
  }
}
