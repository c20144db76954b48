import type { Offset } from '@tailrace/schemas'
import type { Asker } from './broker-api.ts'

/** What a subscription is told when it is made. `leaseMs`: how long a worker may be silent. Null: not given. */
export interface SubscriptionConfig {
  readonly type: 'webhook' | 'pull-wake'
  /** Of the names of streams: `*` stands for one segment, `**` for any number of them. */
  readonly pattern: string | null
  /** Names of streams, sorted, each once. */
  readonly streams: readonly string[]
  readonly webhook: string | null
  readonly wakeStream: string | null
  readonly leaseMs: number
  readonly description: string | null
}

/** `base`: the address of the streams as this client sees it, with a slash at its end. */
export interface PutSubscription {
  readonly act: 'put'
  readonly config: SubscriptionConfig
  readonly base: string
  /** For whom streams are looked at from now on; null: for a broker. */
  readonly owner: Asker | null
}

/** Streams that are named behind this one, in their order; empty: from the first one on. */
export interface GetSubscription {
  readonly act: 'get'
  readonly after: string
}

export interface DeleteSubscription {
  readonly act: 'delete'
}

export interface LinkStreams {
  readonly act: 'link'
  readonly streams: readonly string[]
}

export interface UnlinkStream {
  readonly act: 'unlink'
  readonly stream: string
}

export interface ClaimWake {
  readonly act: 'claim'
  readonly worker: string
}

/** The wake that a worker has been given, with its token. */
interface OfWake {
  readonly token: string
  readonly wake: string
  readonly generation: number
}

/** `by`: of the receiver of a webhook, or of a worker that has claimed. */
export interface AckWake extends OfWake {
  readonly act: 'ack'
  readonly by: 'callback' | 'worker'
  readonly acks: readonly { readonly stream: string; readonly offset: Offset }[]
  readonly done: boolean
}

export interface ReleaseWake extends OfWake {
  readonly act: 'release'
}

/** A stream as it is now. `id` empty: there is none. */
export interface StreamNews {
  readonly stream: string
  readonly id: string
  readonly tail: Offset
}

/** All subscriptions of one partition whose paths are behind this one, in their order; empty: from the first one on. */
export interface ListSubscriptions {
  readonly act: 'list'
  readonly partition: number
  readonly after: string
}

/** The body of the answer to `list`. */
export interface ListedSubscriptions {
  readonly subscriptions: readonly { readonly path: string; readonly type: SubscriptionConfig['type'] }[]
}

/**
 * Brokers alone: streams of one partition that match are told to the subscription from now on. Answers with those that
 * are there, behind `after`.
 */
export interface WatchStreams {
  readonly act: 'watch'
  readonly partition: number
  readonly number: string
  readonly pattern: string | null
  readonly streams: readonly string[]
  readonly after: string
}

/** Brokers alone. `stream` null: all. */
export interface UnwatchStreams {
  readonly act: 'unwatch'
  readonly partition: number
  readonly number: string
  readonly stream: string | null
}

/** Brokers alone: what one partition has to tell is told when this is answered. */
export interface HandInNews {
  readonly act: 'hand-in'
  readonly partition: number
}

/** Brokers alone, from the leader of streams to that of a subscription. */
export interface TellNews {
  readonly act: 'news'
  readonly number: string
  readonly news: readonly StreamNews[]
}

export type SubscriptionAct =
  | PutSubscription
  | GetSubscription
  | DeleteSubscription
  | ListSubscriptions
  | LinkStreams
  | UnlinkStream
  | ClaimWake
  | AckWake
  | ReleaseWake
  | WatchStreams
  | UnwatchStreams
  | HandInNews
  | TellNews

/** A status of HTTP with a body of the protocol, or with that of an act of brokers; null: none. */
export interface SubscriptionAnswer {
  readonly status: number
  readonly body: object | null
}

/** Names of streams that begin with it are none of clients. */
export const CONTROL_PREFIX = '__ds/'
const SUBSCRIPTIONS = `${CONTROL_PREFIX}subscriptions/`

/** What a subscription is called among streams: it is in the partition of this name. */
export function subscriptionPath(id: string): string {
  return SUBSCRIPTIONS + id
}

export function idOfSubscription(path: string): string {
  return path.slice(SUBSCRIPTIONS.length)
}
