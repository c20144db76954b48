import type { Offset, PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { FetchResult } from '../../partition/requests.ts'
import type { TransportMetrics } from '../limits/metrics.ts'
import type { SharedTexts } from './shared-texts.ts'
import type { StreamClient } from './stream-client.ts'
import type { OutOfRange, ResolvedPartition, SubscriptionSink } from './subscription.ts'
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

  records(partition: PartitionNumber, offset: Offset, result: FetchResult): { bytes: number; nextOffset: Offset } {
    const { utf8, characters, nextOffset } = this.#texts.of(result, offset)
    if (utf8 === null) return { bytes: 0, nextOffset }
    const place = JSON.stringify({ op: 'records', id: this.#id, topic: this.#topic, partition })
    const before = `${place.slice(0, -1)},"records":`
    const after = `,"nextOffset":${nextOffset},"highWatermark":${result.highWatermark}}`
    this.#client.sendTextAround(before, utf8, after)
    this.#metrics.fetched(result)
    return { bytes: before.length + characters + after.length, nextOffset }
  }

  ended(partition: PartitionNumber | null, error: TailraceError, range?: OutOfRange): void {
    this.#tellError(partition, error, range)
  }
}
