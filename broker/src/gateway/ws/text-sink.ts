import type { Offset, PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { FetchResult } from '../../partition/requests.ts'
import { readRun } from '../json/read-records.ts'
import type { TransportMetrics } from '../metrics.ts'
import type { Peer } from './peer.ts'
import type { OutOfRange, ResolvedPartition, SubscriptionSink } from './subscription.ts'
import type { TextId } from './text-requests.ts'

/** Keys and values in one message, but for a last batch that is larger: what a browser console still shows at once. */
const maxMessageBytes = 256 * 1024

/** Sends a subscription as JSON. Credit counts the characters of the messages. */
export class TextSink implements SubscriptionSink {
  readonly fetchBytes = 64 * 1024
  readonly #id: TextId
  readonly #topic: string
  readonly #peer: Peer
  readonly #metrics: TransportMetrics
  readonly #tellError: TextSink['ended']

  constructor(id: TextId, topic: string, peer: Peer, metrics: TransportMetrics, tellError: TextSink['ended']) {
    this.#id = id
    this.#topic = topic
    this.#peer = peer
    this.#metrics = metrics
    this.#tellError = tellError
  }

  subscribed(partitions: readonly ResolvedPartition[], topicId: string): void {
    const places = partitions.map(({ partition, offset, highWatermark }) => ({ partition, offset, highWatermark }))
    const [id, topic] = [this.#id, this.#topic]
    this.#peer.sendText(JSON.stringify({ op: 'subscribed', id, topic, topicId, partitions: places }))
  }

  records(partition: PartitionNumber, offset: Offset, result: FetchResult): { bytes: number; nextOffset: Offset } {
    const { records, nextOffset } = readRun(result, offset, maxMessageBytes)
    if (records.length === 0) return { bytes: 0, nextOffset }
    const text = JSON.stringify({
      op: 'records',
      id: this.#id,
      topic: this.#topic,
      partition,
      records,
      nextOffset,
      highWatermark: result.highWatermark,
    })
    this.#peer.sendText(text)
    this.#metrics.fetched(result.bytes)
    return { bytes: text.length, nextOffset }
  }

  ended(partition: PartitionNumber | null, error: TailraceError, range?: OutOfRange): void {
    this.#tellError(partition, error, range)
  }
}
