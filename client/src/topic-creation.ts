import { TailraceError } from '@tailrace/schemas'
import type { Client } from './client.ts'

/**
 * Creates a topic with as many partitions and replicas as another one has, if there is none of its name.
 * @throws TailraceError UNKNOWN_TOPIC: the other one; AUTHORIZATION_FAILED, AUTHENTICATION_FAILED; TIMED_OUT, CLOSED
 */
export async function createTopicLike(
  client: Client,
  { name, like }: { readonly name: string; readonly like: string },
  options: { timeoutMs: number },
): Promise<void> {
  const { leaders, replicas } = await client.topic(like, options)
  const body = { name, partitions: leaders.length, replicas: Math.max(1, replicas[0]?.length ?? 1) }
  try {
    await client.overHttp({ method: 'POST', path: '/topics', body, isRepeatable: true }, options)
  } catch (error) {
    if (TailraceError.from(error).code !== 'TOPIC_EXISTS') throw error
  }
}
