import type { Client, ClientOptions } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import type { BatchSource } from '../feed/batch-source.ts'
import type { Feed } from '../feed/feed.ts'
import type { LevelsOf } from '../feed/feed-routes.ts'
import type { FeedSettings } from '../options.ts'
import type { Topics } from './topic-choice.ts'
import type { TopicPositions } from './topic-positions.ts'
import type { TopicsOptions } from './topics-options.ts'

/** The batches of several topics in one queue. */
export interface TopicsSource extends BatchSource {
  /** Called once when it begins to receive. */
  onBegin: (() => void) | undefined
  /** Called once when it has ended, for any reason. */
  onEnd: (() => void) | undefined
  /** The topics that are read at present. */
  readonly feeds: ReadonlyMap<string, Feed>
  readonly positions: TopicPositions
  /** Resolves when the start of each partition of the topics that there are is known. @throws what has ended it */
  whenStarted(): Promise<void>
  /** All topics, also those that join later. */
  pause(): void
  resume(): void
  /** @throws TailraceError UNKNOWN_TOPIC: it is not read here */
  feedOf(topic: string): Feed
  fail(error: TailraceError, now?: boolean): void
}

export interface TopicFeedsParts {
  readonly client: Client
  readonly options: ClientOptions & { readonly rack?: string }
  /** Undefined: cascade brokers are not looked for. */
  readonly levelsOf: LevelsOf | undefined
  readonly topics: Topics
  readonly given: TopicsOptions
  /** Its budget is that of all topics together. */
  readonly settings: FeedSettings
  /** Between two looks for topics that match a pattern. */
  readonly lookMs: number
}

/** For Node and for browsers (package.json, "imports"). */
export type OpenTopics = (parts: TopicFeedsParts) => TopicsSource

export function notRead(topic: string): TailraceError {
  return new TailraceError('UNKNOWN_TOPIC', `"${topic}" is not read here.`)
}
