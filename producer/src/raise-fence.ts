import { type Client, delay, retryBackoff, throwIfAborted } from '@tailrace/client'
import { type Offset, type PartitionNumber, TailraceError } from '@tailrace/schemas'

export interface FencePlace {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly token: number
}

export interface FenceLimits {
  /** How long one broker may take. */
  readonly requestTimeoutMs: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Has the partition's leader accept the token, through changes of leaders. Resolves with the partition's end: all
 * records under lower tokens are before it.
 * @throws TailraceError FENCED: a higher one was accepted; FEATURE_LEVEL_TOO_LOW; UNKNOWN_TOPIC, UNKNOWN_PARTITION;
 * TIMED_OUT: it may be accepted yet; ABORTED, CLOSED
 */
export async function raiseFence(
  client: Client,
  { topic, partition, token }: FencePlace,
  { requestTimeoutMs, timeoutMs, signal }: FenceLimits,
): Promise<Offset> {
  const { surroundings } = client
  const deadline = surroundings.monotonic() + timeoutMs
  const left = (): number => Math.max(1, Math.ceil(deadline - surroundings.monotonic()))
  const backoff = retryBackoff(surroundings)
  const { id: topicId } = await client.topic(topic, { timeoutMs, signal })
  for (;;) {
    throwIfAborted(signal)
    let last: TailraceError
    try {
      const { connection } = await client.route(topic, partition)
      const ms = Math.min(requestTimeoutMs, left())
      const fields = { topic, partition, timeoutMs: ms, expectedOffset: -1, fence: token, topicId }
      return (await connection.request('PublishIf', fields, { timeoutMs: ms, signal })).fields.baseOffset
    } catch (error) {
      last = TailraceError.from(error)
      if (!last.retriable) throw last
    }
    const pause = Math.max(backoff.next(), last.retryAfterMs ?? 0)
    if (pause >= left()) throw new TailraceError('TIMED_OUT', last.message, { cause: last })
    await delay(pause, signal, surroundings)
    await client.refresh([topic]).catch(() => {})
  }
}
