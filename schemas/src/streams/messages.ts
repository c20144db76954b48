import type { Offset, Timestamp } from '../ids.ts'
import type { Asked } from '../peer-messages.ts'

/** Of an idempotent append. */
export interface StreamProducerFields {
  id: string
  epoch: number
  seq: number
}

/** Where a fork begins. `offset` -1: at the end of its source. `sub`: bytes, or messages of JSON, behind it. */
export interface ForkFields {
  source: string
  offset: Offset
  sub: number
}

/** Seconds in `ttl`; -1 in `ttl` and `expiresAt`: there is none. */
interface Lifetime {
  ttl: number
  expiresAt: Timestamp
}

/**
 * An answer; its kind says which of the fields say something. `lastSeq`, `epoch` and `expected` are -1 where there is
 * none.
 */
export interface StreamResultFields extends Lifetime {
  kind: string
  id: string
  type: string
  tail: Offset
  closed: boolean
  offset: Offset
  next: Offset
  isNew: boolean
  duplicate: boolean
  exists: boolean
  lastSeq: number
  reason: string
  epoch: number
  expected: number
  /** JSON, about a subscription. */
  answer: string
}

/** Content of a stream stands in the body of the frame. Empty types and ids: not named. */
export interface StreamRequestShapes {
  /** `mark`: the same in each repetition of one request. */
  Create: { type: string; closed: boolean; fork: ForkFields | null; mark: string } & Lifetime
  Append: { type: string; close: boolean; seq: string | null; producer: StreamProducerFields | null }
  Read: { id: string; offset: Offset; upTo: Offset; maxBytes: number }
  Wait: { id: string; offset: Offset; waitMs: number }
  Head: Record<never, never>
  Delete: Record<never, never>
  Lend: { borrower: string; borrowerId: string; type: string; offset: Offset; sub: number }
  GiveBack: { id: string; borrower: string; borrowerId: string }
  Place: { id: string; offset: Offset; sub: number; upTo: Offset }
  Exists: { id: string }
  /** `act`: JSON. */
  Subscription: { act: string }
}
export type StreamRequestName = keyof StreamRequestShapes

/** A union in Avro: the name of a record with its fields. */
export type StreamRequestFields = {
  [Name in StreamRequestName]: { [Full in `tailrace.streams.${Name}`]: StreamRequestShapes[Name] }
}[StreamRequestName]
export interface StreamMessageShapes {
  /** To the leader of the stream of this path. */
  Stream: { correlation: number; path: string; request: StreamRequestFields } & Asked
  StreamReply: { correlation: number; result: StreamResultFields }
}
