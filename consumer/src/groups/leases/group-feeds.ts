import { Client, type ClientOptions, clientOptionsOf } from '@tailrace/client'
import type { Offset } from '@tailrace/schemas'
import { Feed } from '../../feed/feed.ts'
import type { ReceivedCounts } from '../../feed/received-counts.ts'
import type { Levels } from '../../levels.ts'
import type { FeedSettings } from '../../options.ts'
import { Positions } from '../../positions.ts'
import { Range } from '../../range.ts'
import { type From, type Start, startOf } from '../../start.ts'
import type { PartitionId } from '../beats/beat-messages.ts'

/** A connection may have 256 subscriptions, and each partition is one. */
const MOST_FEEDS_PER_CLIENT = 200

/** Beginning of a partition of one certain topic. `from`: where, if no offset is given. */
export function startOfPartition({ topicId, partition }: PartitionId, offset: Offset | undefined, from: From): Start {
  if (offset !== undefined) {
    const offsets = new Positions([[partition, offset]], topicId)
    return { partitions: [partition], offsets, positionOf: () => ({ kind: 'OFFSET', value: offset }) }
  }
  const { positionOf } = startOf(from, [partition])
  return { partitions: [partition], offsets: new Positions([], topicId), positionOf }
}

/**
 * Reads each partition on its own, so that one that is not read further holds up no other. Beyond what a connection
 * takes, further connections are opened.
 */
export class GroupFeeds {
  readonly #options: ClientOptions
  readonly #rack: string | undefined
  readonly #levelsOf: (topic: string) => Levels | undefined
  readonly #counts: ReceivedCounts
  readonly #feeds = new Map<Client, number>()
  readonly #own: Client[] = []

  /** `client`: used first, and closed by its owner. `levelsOf`: undefined where cascade brokers are not looked for. */
  constructor(
    client: Client,
    options: ClientOptions & { readonly rack?: string },
    levelsOf: (topic: string) => Levels | undefined,
    counts: ReceivedCounts,
  ) {
    this.#counts = counts
    this.#options = clientOptionsOf(options)
    this.#rack = options.rack
    this.#levelsOf = levelsOf
    this.#feeds.set(client, 0)
  }

  open(topic: string, start: Start, given: Omit<FeedSettings, 'counts'>): Feed {
    const settings = { ...given, counts: this.#counts }
    const client = this.#leastUsed()
    const feed = new Feed(client, topic, new Range(start), settings, this.#levelsOf(topic))
    const { feeds } = this.#counts
    feed.onBegin = () => {
      feeds.add(feed)
      this.#feeds.set(client, this.#feeds.get(client)! + 1)
    }
    feed.onEnd = () => {
      feeds.delete(feed)
      this.#feeds.set(client, this.#feeds.get(client)! - 1)
    }
    return feed
  }

  close(): void {
    for (const client of this.#own) client.close()
  }

  #leastUsed(): Client {
    for (const [client, feeds] of this.#feeds) if (feeds < MOST_FEEDS_PER_CLIENT) return client
    const client = new Client(this.#options, this.#rack)
    this.#own.push(client)
    this.#feeds.set(client, 0)
    return client
  }
}
