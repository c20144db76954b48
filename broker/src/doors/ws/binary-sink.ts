import type { PartitionNumber } from '@tailrace/schemas'
import { encodeFrame, type TailraceError } from '@tailrace/schemas'
import type { TransportMetrics } from '../limits/metrics.ts'
import type { Delivery } from '../standing/delivery.ts'
import type { OutOfRange, ResolvedPartition, SubscriptionSink } from '../subscriptions/subscription-sink.ts'
import { frameOf } from './messages/server-frame.ts'
import type { BinaryClient } from './stream-client.ts'

/** Sends a subscription as frames: batches as they are. Credit counts batch bytes. */
export class BinarySink implements SubscriptionSink {
  readonly fetchBytes = 256 * 1024
  readonly #subscription: number
  readonly #key: string
  readonly #client: BinaryClient
  readonly #metrics: TransportMetrics
  readonly #isCascade: boolean

  /** `isCascade`: the client is a cascade broker. */
  constructor(subscription: number, client: BinaryClient, metrics: TransportMetrics, isCascade: boolean) {
    this.#subscription = subscription
    this.#isCascade = isCascade
    this.#key = `binary ${subscription}`
    this.#client = client
    this.#metrics = metrics
  }

  subscribed(partitions: readonly ResolvedPartition[], topicId: string): void {
    const places = partitions.map(({ partition, offset, highWatermark }) => ({ partition, offset, highWatermark }))
    this.#client.sendPieces(
      encodeFrame('Subscribed', { subscription: this.#subscription, partitions: places, topicId }),
    )
  }

  records(partition: PartitionNumber, delivery: Delivery): ReturnType<SubscriptionSink['records']> {
    const { found, counts } = delivery
    const message = delivery.message(this.#key, () => {
      const { nextOffset, highWatermark, batches } = found
      const fields = { subscription: this.#subscription, partition, nextOffset, highWatermark }
      return frameOf('binary', encodeFrame('Records', fields, batches))
    })
    this.#client.sendMessage(message)
    this.#metrics.fetched(found, counts)
    if (this.#isCascade) this.#metrics.toCascade(found.bytes)
    return found
  }

  ended(partition: PartitionNumber | null, error: TailraceError, range?: OutOfRange): void {
    this.#metrics.failed(error.code)
    const { logStart = -1, highWatermark = -1 } = range ?? {}
    const place = { subscription: this.#subscription, partition: partition ?? -1 }
    const fields = { ...place, error: error.toJSON(), logStart, highWatermark }
    this.#client.sendPieces(encodeFrame('SubscriptionEnd', fields))
  }
}
