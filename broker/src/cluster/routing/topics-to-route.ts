import { TailraceError } from '@tailrace/schemas'

/** Partitions that one answer may tell of: less than 3 MiB as a frame's header, of which clients take 4. */
const mostPartitions = 100_000

/**
 * The topics that a routing request names and that exist, each once however often it is named.
 * @throws TailraceError INVALID_REQUEST when they have too many partitions for one answer; nothing has been built for
 * it then
 */
export function topicsToRoute<Found>(
  names: readonly string[],
  find: (name: string) => Found | undefined,
  partitionsOf: (topic: Found) => number,
): Found[] {
  const topics: Found[] = []
  let partitions = 0
  for (const name of new Set(names)) {
    const topic = find(name)
    if (topic === undefined) continue
    partitions += partitionsOf(topic)
    if (partitions > mostPartitions) {
      throw new TailraceError(
        'INVALID_REQUEST',
        `The topics have more than ${mostPartitions} partitions; name fewer topics in one request.`,
      )
    }
    topics.push(topic)
  }
  return topics
}
