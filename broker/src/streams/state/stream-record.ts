import type { Offset, Timestamp } from '@tailrace/schemas'
import type { ForkPoint, Lifetime, StreamFacts, StreamProducer } from '../../api/streams-api.ts'
import { hasFields, isWhole } from '../../log/store/stored-json.ts'

/** All that a stream is, but its bytes, its producers and its forks. */
export interface StreamRecord extends StreamFacts {
  readonly path: string
  /** The last append, or the last read that was written down. */
  readonly touchedAt: Timestamp
  /** When the stream is to be looked at (`storedKeys.dueAt`); -1: never. */
  readonly due: Timestamp
  /** The last Stream-Seq; null: there was none. */
  readonly seq: string | null
  /** The append that has closed it; null: it is open, or no producer has. */
  readonly closedBy: StreamProducer | null
  /** Bytes before `at` are those of this stream. Null: it is no fork. */
  readonly source: { readonly path: string; readonly id: string; readonly at: Offset } | null
  /** What it was created with, of which a fork may have taken over some from its source. */
  readonly asked: Lifetime & { readonly fork: ForkPoint | null }
  /** Of the request that has created it: repeated, it is answered the same. */
  readonly mark: string
  /** Loans to streams whose source it is. */
  readonly forks: number
  /** Forks alone read it. */
  readonly deleted: boolean
}

/** The highest epoch of a producer of one stream, and its highest sequence number under it. */
export interface ProducerRecord {
  readonly epoch: number
  readonly seq: number
}

/** A stream that begins in this one, or was to. */
export interface ForkRecord {
  readonly path: string
  readonly id: string
  readonly at: Timestamp
}

/** How far the log is applied. */
export interface StreamsHead {
  readonly appliedIndex: number
  readonly appliedTerm: number
}

export function factsOf({ id, type, tail, closed, ttl, expiresAt }: StreamRecord): StreamFacts {
  return { id, type, tail, closed, ttl, expiresAt }
}

/** `application/json; charset=utf-8` and `Application/JSON` are one type. */
export function essenceOf(type: string): string {
  return type.split(';', 1)[0]!.trim().toLowerCase()
}

export function isJson(type: string): boolean {
  return essenceOf(type) === 'application/json'
}

const isText = (field: unknown): field is string => typeof field === 'string'
const isTime = (field: unknown): boolean => field === -1 || isWhole(field)
const isFlag = (field: unknown): boolean => typeof field === 'boolean'
const orNull =
  (fits: (field: unknown) => boolean) =>
  (field: unknown): boolean =>
    field === null || fits(field)
const lifetime = { ttl: isTime, expiresAt: isTime }

export const isFormat = (value: unknown): value is number => isWhole(value) && value > 0

export const isHead = (value: unknown): value is StreamsHead =>
  hasFields(value, { appliedIndex: isWhole, appliedTerm: isWhole })

export const isStreamRecord = (value: unknown): value is StreamRecord =>
  hasFields(value, {
    path: isText,
    id: isText,
    type: isText,
    tail: isWhole,
    closed: isFlag,
    ...lifetime,
    touchedAt: isWhole,
    due: isTime,
    seq: orNull(isText),
    closedBy: orNull((by) => hasFields(by, { id: isText, epoch: isWhole, seq: isWhole })),
    source: orNull((source) => hasFields(source, { path: isText, id: isText, at: isWhole })),
    asked: (asked) => hasFields(asked, { ...lifetime, fork: orNull((fork) => hasFields(fork, { source: isText })) }),
    mark: isText,
    forks: isWhole,
    deleted: isFlag,
  })

export const isProducerRecord = (value: unknown): value is ProducerRecord =>
  hasFields(value, { epoch: isWhole, seq: isWhole })

export const isForkRecord = (value: unknown): value is ForkRecord =>
  hasFields(value, { path: isText, id: isText, at: isWhole })
