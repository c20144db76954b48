import { Client, type ClientOptions, clientOptionsOf } from '@tailrace/client'
import type { FeedSettings } from '../options.ts'
import type { Range } from '../range/range.ts'
import { Feed } from './feed.ts'
import type { FeedReader } from './feed-reader.ts'
import type { LevelsOf } from './other-routes.ts'
import type { ReceivedCounts } from './received-counts.ts'

/** A connection may have 256 subscriptions, and each feed has one or some. */
const MOST_FEEDS_PER_CLIENT = 200

/** Many feeds at a time. Beyond what a connection takes, further connections are opened. */
export class Feeds {
  readonly #options: ClientOptions
  readonly #rack: string | undefined
  readonly #levelsOf: LevelsOf | undefined
  readonly #counts: ReceivedCounts
  readonly #feeds = new Map<Client, number>()
  readonly #own: Client[] = []

  /** `client`: used first, and closed by its owner. `levelsOf`: undefined where cascade brokers are not looked for. */
  constructor(
    client: Client,
    options: ClientOptions & { readonly rack?: string },
    levelsOf: LevelsOf | undefined,
    counts: ReceivedCounts,
  ) {
    this.#counts = counts
    this.#options = clientOptionsOf(options)
    this.#rack = options.rack
    this.#levelsOf = levelsOf
    this.#feeds.set(client, 0)
  }

  /** `reader` undefined: the program that asks the feed for its next batch. */
  open(topic: string, range: Range, given: Omit<FeedSettings, 'counts'>, reader?: FeedReader): Feed {
    const settings = { ...given, counts: this.#counts }
    const client = this.#leastUsed()
    const feed = new Feed(client, topic, range, settings, this.#levelsOf, reader)
    feed.onBegin = () => this.#feeds.set(client, this.#feeds.get(client)! + 1)
    feed.onEnd = () => this.#feeds.set(client, this.#feeds.get(client)! - 1)
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
