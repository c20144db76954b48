import type { Offset, Timestamp } from '@tailrace/schemas'
import type { Asker } from './broker-api.ts'
import type { SubscriptionAct, SubscriptionAnswer } from './subscriptions-api.ts'

/** The topic whose partitions are the logs of durable streams; only brokers write it. */
export const STREAMS_TOPIC = '__streams'
/** Its partitions: a stream is always in the same one. */
export const STREAM_PARTITIONS = 16
/** Characters of the name of a stream. */
export const MOST_PATH_CHARACTERS = 1000

/** An idempotent append: repeated, it is recognised. */
export interface StreamProducer {
  readonly id: string
  readonly epoch: number
  readonly seq: number
}

/** Where a fork begins in its source. `offset` -1: at its end. `sub`: bytes, or messages of JSON, behind it. */
export interface ForkPoint {
  readonly source: string
  readonly offset: Offset
  readonly sub: number
}

/** `ttl` in seconds since the last read or append. -1: there is none. */
export interface Lifetime {
  readonly ttl: number
  readonly expiresAt: Timestamp
}

export interface CreateStream extends Lifetime {
  readonly kind: 'create'
  readonly path: string
  /** Content type; empty: not named. */
  readonly type: string
  readonly closed: boolean
  readonly fork: ForkPoint | null
  /** The same in each repetition of one request; empty: the broker that is asked makes one. */
  readonly mark: string
}

export interface AppendToStream {
  readonly kind: 'append'
  readonly path: string
  readonly type: string
  readonly close: boolean
  /** Null: any. */
  readonly seq: string | null
  readonly producer: StreamProducer | null
}

/** `offset` -1: from the beginning, -2: from the end. */
export interface ReadStream {
  readonly kind: 'read'
  readonly path: string
  /** Empty: the stream that has the path. Else brokers ask, for a fork. */
  readonly id: string
  readonly offset: Offset
  /** -1: up to the end. */
  readonly upTo: Offset
  readonly maxBytes: number
}

/** Resolves when the stream has more than at this offset, is closed or gone, or the time is up. */
export interface WaitForStream {
  readonly kind: 'wait'
  readonly path: string
  readonly id: string
  readonly offset: Offset
  readonly waitMs: number
}

export interface HeadOfStream {
  readonly kind: 'head'
  readonly path: string
}

export interface DeleteStream {
  readonly kind: 'delete'
  readonly path: string
}

/** A fork begins, and must be able to read the stream from now on. */
export interface LendStream {
  readonly kind: 'lend'
  readonly path: string
  readonly borrower: string
  readonly borrowerId: string
  readonly type: string
  readonly offset: Offset
  readonly sub: number
}

/** The fork does not read the stream any more. */
export interface GiveStreamBack {
  readonly kind: 'give-back'
  readonly path: string
  readonly id: string
  readonly borrower: string
  readonly borrowerId: string
}

/** The offset `sub` bytes, or messages of JSON, behind another one, within one append and up to `upTo`. */
export interface PlaceInStream {
  readonly kind: 'place'
  readonly path: string
  readonly id: string
  readonly offset: Offset
  readonly sub: number
  readonly upTo: Offset
}

export interface StreamExists {
  readonly kind: 'exists'
  readonly path: string
  readonly id: string
}

/** `path`: of the subscription. From level 4 on. */
export interface SubscriptionRequest {
  readonly kind: 'subscription'
  readonly path: string
  readonly act: SubscriptionAct
}

export type StreamRequest =
  | CreateStream
  | AppendToStream
  | ReadStream
  | WaitForStream
  | HeadOfStream
  | DeleteStream
  | LendStream
  | GiveStreamBack
  | PlaceInStream
  | StreamExists
  | SubscriptionRequest

export interface StreamFacts extends Lifetime {
  /** No other stream has it, nor a later one of the same path. */
  readonly id: string
  readonly type: string
  /** The offset behind the last byte. */
  readonly tail: Offset
  readonly closed: boolean
}

/** Each has an error of its own (doors/streams/refusals.ts). `source-deleted`: of what would be forked. */
export const streamRefusals = [
  'exists',
  'source-deleted',
  'closed',
  'type',
  'sequence',
  'fenced',
  'gap',
  'epoch',
] as const
export type StreamRefusal = (typeof streamRefusals)[number]

export type StreamResult =
  | ({ readonly kind: 'described' } & StreamFacts)
  | ({ readonly kind: 'created'; readonly isNew: boolean } & StreamFacts)
  | {
      readonly kind: 'appended'
      readonly tail: Offset
      readonly closed: boolean
      /** The stream had it before. */
      readonly duplicate: boolean
      /** The highest sequence number of the producer under its epoch; -1: there is no producer. */
      readonly lastSeq: number
    }
  | {
      readonly kind: 'refused'
      readonly reason: StreamRefusal
      readonly tail: Offset
      readonly closed: boolean
      /** Of the producer; -1: it has none. */
      readonly epoch: number
      /** The sequence number that comes next; -1: not told. */
      readonly expected: number
    }
  /** The bytes from `offset` up to `next` come beside it. Of JSON: messages with a comma behind each. */
  | ({ readonly kind: 'found'; readonly offset: Offset; readonly next: Offset } & StreamFacts)
  | { readonly kind: 'waited' }
  | { readonly kind: 'deleted' }
  | ({ readonly kind: 'lent'; readonly id: string; readonly type: string; readonly offset: Offset } & Lifetime)
  | { readonly kind: 'given-back' }
  | { readonly kind: 'placed'; readonly offset: Offset }
  | { readonly kind: 'known'; readonly exists: boolean }
  | { readonly kind: 'subscription'; readonly answer: SubscriptionAnswer }

/** The kind of the result of each kind of request. */
export interface StreamResultKinds {
  readonly create: 'created' | 'refused'
  readonly append: 'appended' | 'refused'
  readonly read: 'found'
  readonly wait: 'waited'
  readonly head: 'described'
  readonly delete: 'deleted'
  readonly lend: 'lent' | 'refused'
  readonly 'give-back': 'given-back'
  readonly place: 'placed'
  readonly exists: 'known'
  readonly subscription: 'subscription'
}

export type StreamResultOf<Request extends StreamRequest> = StreamResult & {
  readonly kind: StreamResultKinds[Request['kind']]
}

/** An answer, and the bytes that come with it. */
export interface StreamAnswer<Result = StreamResult> {
  readonly result: Result
  readonly body: Uint8Array
}

/**
 * Durable streams, from any broker: the request goes to the leader of the stream's partition. `body`: what is appended;
 * of JSON, messages with a comma behind each. Rejects with TailraceError: UNKNOWN_STREAM, STREAM_DELETED,
 * INVALID_REQUEST, STREAMS_UNAVAILABLE, OUTCOME_UNKNOWN, FEATURE_LEVEL_TOO_LOW.
 */
export interface StreamsApi {
  ask<Request extends StreamRequest>(
    request: Request,
    body?: Uint8Array,
  ): Promise<StreamAnswer<StreamResultOf<Request>>>
  /**
   * Resolves when the stream may have more than at this offset: with a place of its own, or together with others that
   * wait there. Rejects only when `signal` fires.
   */
  wait(place: Pick<WaitForStream, 'path' | 'id' | 'offset'>, waitMs: number, signal: AbortSignal): Promise<void>
}

/** What a door has of it: requests of a client, to which the broker that carries them out applies its own rules. */
export interface StreamsService {
  for(asker: Asker): StreamsApi
}
