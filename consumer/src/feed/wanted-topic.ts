import { type Client, delay, type TopicRoute } from '@tailrace/client'
import type { Start } from '../range/start.ts'

/** A topic that is being created, or that a broker does not know yet, gets this long. */
const TOPIC_TIMEOUT_MS = 120_000
/** How long a broker may be behind, or a replica give damaged batches, before the reader is told. */
export const PATIENCE_MS = 5_000
/** Between two looks for the topic that a saved position belongs to. */
const LOOK_AGAIN_MS = 250

/** What is to be read. `id`: empty where any topic of the name is meant. */
export interface WantedTopic {
  readonly name: string
  readonly id: string
  readonly start: Start
}

/**
 * The topic of the name, by preference the one that the start belongs to, with the partitions of that: a broker that is
 * behind still names another one, or fewer partitions.
 * @throws TailraceError UNKNOWN_TOPIC, TIMED_OUT, CLOSED; what `topic` of a client throws
 */
export async function findTopic(client: Client, wanted: WantedTopic, signal: AbortSignal): Promise<TopicRoute> {
  let found = await client.topic(wanted.name, { timeoutMs: TOPIC_TIMEOUT_MS, signal })
  const { monotonic } = client.surroundings
  const started = monotonic()
  while (wanted.id !== '' && !isMeant(found, wanted) && monotonic() - started <= PATIENCE_MS) {
    await delay(LOOK_AGAIN_MS, signal, client.surroundings)
    await client.refresh([wanted.name]).catch(() => {})
    found = client.metadata.topic(wanted.name) ?? found
  }
  return found
}

function isMeant(found: TopicRoute, { id, start: { partitions = [], offsets } }: WantedTopic): boolean {
  return found.id === id && [...partitions, ...offsets.keys()].every((one) => one < found.leaders.length)
}
