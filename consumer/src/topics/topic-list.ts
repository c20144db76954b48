import { type Client, delay, retryBackoff } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'

const ASK_MS = 10_000
/** Of all attempts; then the loop is told. */
const PATIENCE_MS = 120_000

/**
 * The names of all topics that the client may see, as any broker knows them.
 * @throws TailraceError what asking again does not change, such as AUTHENTICATION_FAILED; TIMED_OUT, ABORTED, CLOSED
 */
export async function topicNames(client: Client, signal: AbortSignal): Promise<readonly string[]> {
  const call = { method: 'GET', path: '/topics', isRepeatable: true } as const
  const answer = await client.overHttp(call, { timeoutMs: PATIENCE_MS, attemptMs: ASK_MS, signal })
  const topics = (answer as { topics?: unknown } | undefined)?.topics
  const names = Array.isArray(topics) ? topics.map((topic) => (topic as { name?: unknown } | null)?.name) : []
  if (!Array.isArray(topics) || !names.every((name) => typeof name === 'string')) {
    throw new TailraceError('INTERNAL', 'The answer to GET /topics is no list of topics.')
  }
  return names as string[]
}

/** Asks again and again, as often as metadata are, until `signal` fires; what fails is tried again. */
export async function watchTopicNames(
  client: Client,
  everyMs: number,
  signal: AbortSignal,
  onNames: (names: readonly string[]) => void,
): Promise<void> {
  const backoff = retryBackoff(client.surroundings)
  let ms = everyMs
  for (;;) {
    await delay(ms, signal, client.surroundings)
    try {
      onNames(await topicNames(client, signal))
      backoff.reset()
      ms = everyMs
    } catch (error) {
      if (!TailraceError.from(error).retriable) throw error
      ms = Math.max(everyMs, backoff.next())
    }
  }
}
