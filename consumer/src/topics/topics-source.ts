import type { Client, ClientOptions } from '@tailrace/client'
import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { BatchSource } from '../feed/batch-source.ts'
import type { LevelsOf } from '../feed/other-routes.ts'
import type { ReceivedCounts } from '../feed/received-counts.ts'
import type { Lag } from '../lag.ts'
import type { Place } from '../seek-place.ts'
import type { Topics } from './topic-choice.ts'
import type { TopicPositions } from './topic-positions.ts'
import type { TopicsOptions } from './topics-options.ts'

/** A place in a partition of a topic. */
export interface TopicPlace extends Place {
  readonly topic: string
}

/** A partition of a topic; without `partition` all of them, also those that are added later. */
export interface TopicPart {
  readonly topic: string
  readonly partition?: number
}

/** Records by which the reader is behind. */
export interface TopicsLag {
  readonly total: number
  readonly topics: ReadonlyMap<string, Lag>
}

/** The batches of several topics in one queue. */
export interface TopicsSource extends BatchSource {
  /** Called once when it begins to receive. */
  onBegin: (() => void) | undefined
  /** Called once when it has ended, for any reason. */
  onEnd: (() => void) | undefined
  /** The topics that are read at present. */
  readonly topics: readonly string[]
  readonly lag: TopicsLag
  readonly paused: readonly { readonly topic: string; readonly partition: PartitionNumber }[]
  readonly positions: TopicPositions
  /** Resolves when the start of each partition of the topics that there are is known. @throws what has ended it */
  whenStarted(): Promise<void>
  /**
   * `parts` undefined: all topics, also those that join later.
   * @throws TailraceError UNKNOWN_TOPIC, UNKNOWN_PARTITION: it is not read here
   */
  pause(parts?: readonly TopicPart[]): void
  resume(parts?: readonly TopicPart[]): void
  /** @throws TailraceError as `seek` of a subscription, and UNKNOWN_TOPIC */
  seek(place: TopicPlace): Promise<void>
  fail(error: unknown, now?: boolean): void
}

export interface TopicFeedsParts {
  readonly client: Client
  readonly options: ClientOptions & { readonly rack?: string }
  /** Undefined: cascade brokers are not looked for. */
  readonly levelsOf: LevelsOf | undefined
  readonly topics: Topics
  readonly given: TopicsOptions
  readonly counts: ReceivedCounts
  /** Between two looks for topics that match a pattern. */
  readonly lookMs: number
}

/** For Node and for browsers (package.json, "imports"). */
export type OpenTopics = (parts: TopicFeedsParts) => TopicsSource

export function notRead(topic: string): TailraceError {
  return new TailraceError('UNKNOWN_TOPIC', `"${topic}" is not read here.`)
}
