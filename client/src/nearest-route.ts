import type { BrokerId, PartitionNumber } from '@tailrace/schemas'
import type { Client, Route } from './client.ts'

/**
 * Brokers of the client's rack, then the others; of each those first to which a connection opened fastest, and those
 * without an open one last, in the order given.
 */
export function nearestFirst(client: Client, brokers: readonly BrokerId[]): BrokerId[] {
  const isAway = (id: BrokerId): number => (client.isOfOwnRack(id) ? 0 : 1)
  const msOf = (id: BrokerId): number => client.openedInMs(id) ?? Number.MAX_VALUE
  return [...brokers].sort((one, other) => isAway(one) - isAway(other) || msOf(one) - msOf(other))
}

/**
 * A connection to the nearest broker that holds the partition: one of the own rack, else the one that opened fastest.
 * Where none can be reached, as `route` of the client. One attempt.
 * @throws TailraceError as `route` of the client
 */
export async function nearestRoute(client: Client, topic: string, partition: PartitionNumber): Promise<Route> {
  const { metadata } = client
  if (metadata.topic(topic) === undefined) await client.refresh([topic])
  const replicas = metadata.topic(topic)?.replicas[partition] ?? []
  const ofOwnRack = replicas.filter((id) => client.isOfOwnRack(id))
  for (const some of [ofOwnRack, replicas]) {
    try {
      await Promise.any(some.map((id) => client.broker(id)))
      const [nearest] = nearestFirst(client, some)
      return { connection: await client.broker(nearest!), direct: true }
    } catch {
      // Of the others, or through any broker.
    }
  }
  return client.route(topic, partition)
}
