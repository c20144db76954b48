import { type Client, delay, retryBackoff, throwIfAborted } from '@tailrace/client'
import { type Offset, type PartitionNumber, type Position, TailraceError } from '@tailrace/schemas'
import { knowReadMessages } from '@tailrace/schemas/read-messages'
import { PATIENCE_MS } from './feed/wanted-topic.ts'

const ASK_MS = 5_000
/** Answers of a broker that is behind. */
const lagging = new Set(['UNKNOWN_TOPIC', 'TOPIC_ID_MISMATCH', 'UNKNOWN_PARTITION'])

export interface FoundOffset {
  readonly offset: Offset
  readonly highWatermark: Offset
  /** The first offset that is there. */
  readonly logStart: Offset
}

/**
 * Where a position lies in a partition, as its leader knows it: everything that was acknowledged before the call is
 * below the high watermark. What can pass is waited for.
 * @throws TailraceError OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, TOPIC_ID_MISMATCH, UNKNOWN_PARTITION,
 * AUTHORIZATION_FAILED; ABORTED, CLOSED
 */
export async function findOffset(
  client: Client,
  topic: { readonly name: string; readonly id: string },
  partition: PartitionNumber,
  position: Position,
  signal: AbortSignal,
): Promise<FoundOffset> {
  knowReadMessages()
  const { monotonic } = client.surroundings
  const started = monotonic()
  const backoff = retryBackoff(client.surroundings)
  const fields = { topic: topic.name, partition, position, topicId: topic.id, linearizable: true, asker: null }
  for (;;) {
    throwIfAborted(signal)
    let pause: number
    try {
      const { connection } = await client.route(topic.name, partition)
      const reply = await connection.request('FindOffset', fields, { timeoutMs: ASK_MS, signal })
      return reply.fields
    } catch (error) {
      const known = TailraceError.from(error)
      const mayLag = lagging.has(known.code) && monotonic() - started < PATIENCE_MS
      if (!known.retriable && !mayLag) throw known
      pause = Math.max(backoff.next(), known.retryAfterMs ?? 0)
    }
    await delay(pause, signal, client.surroundings)
    await client.refresh([topic.name]).catch(() => {})
  }
}
