import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { Client } from './client.ts'
import type { Reply, RequestFields, RequestName } from './connection.ts'
import { delay, retryBackoff, throwIfAborted } from './index.ts'

export interface LeaderLimits {
  /** How long one broker may take. */
  readonly requestTimeoutMs: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Asks the leader of a partition, through changes of leaders. `fieldsOf`: the request, given the milliseconds that the
 * broker may take. May be sent several times.
 * @throws TailraceError what the leader answers; UNKNOWN_TOPIC, UNKNOWN_PARTITION; TIMED_OUT, ABORTED, CLOSED: it may
 * be carried out yet
 */
export async function askLeader<Name extends RequestName>(
  client: Client,
  { topic, partition }: { readonly topic: string; readonly partition: PartitionNumber },
  name: Name,
  fieldsOf: (timeoutMs: number) => RequestFields<Name>,
  { requestTimeoutMs, timeoutMs, signal }: LeaderLimits,
): Promise<Reply<Name>['fields']> {
  const { surroundings } = client
  const deadline = surroundings.monotonic() + timeoutMs
  const left = (): number => Math.max(1, Math.ceil(deadline - surroundings.monotonic()))
  const backoff = retryBackoff(surroundings)
  for (;;) {
    throwIfAborted(signal)
    let last: TailraceError
    try {
      const { connection } = await client.route(topic, partition)
      const ms = Math.min(requestTimeoutMs, left())
      return (await connection.request(name, fieldsOf(ms), { timeoutMs: ms, signal })).fields
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
