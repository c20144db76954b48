import type { Timestamp } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { SubscriptionConfig } from '../../api/subscriptions-api.ts'
import { hasFields, isWhole } from '../../log/store/stored-json.ts'

/** A wake that no worker has done with yet. */
export interface Wake {
  readonly id: string
  /** The receiver of the webhook has answered, or the event is in the stream of wakes. */
  readonly delivered: boolean
  /** When it is delivered next, where it is not. */
  readonly nextAt: Timestamp
  /** When the lease ends; -1: nobody has one. */
  readonly until: Timestamp
  /** The worker that has claimed it. */
  readonly holder: string | null
}

/** A subscription without its links. */
export interface SubscriptionRecord {
  readonly path: string
  /** No other subscription has it, nor a later one of the same path. */
  readonly number: string
  readonly config: SubscriptionConfig
  readonly base: string
  readonly owner: Asker | null
  /** Of its tokens, in base64url. */
  readonly secret: string
  readonly createdAt: Timestamp
  /** Its partitions have not all said which streams it begins with. */
  readonly isMaking: boolean
  /** Of the last wake. */
  readonly generation: number
  /** Null: it is idle. */
  readonly wake: Wake | null
  /** Deliveries that have failed, one after the other. */
  readonly failures: number
}

/** A stream that the subscription is about, and how far its workers are. `streamId` empty: there is no such stream. */
export interface LinkRecord {
  readonly streamId: string
  readonly tail: number
  readonly acked: number
  /** Named, and not only matched by the pattern. */
  readonly explicit: boolean
}

/** For which subscription a partition watches streams that match. */
export interface WatchRecord {
  readonly path: string
  readonly pattern: string
}

/** For which subscription a partition watches one stream. */
export interface NamedWatchRecord {
  readonly path: string
  readonly number: string
  readonly stream: string
}

/** A subscription that is gone. */
export interface DepartureRecord {
  readonly path: string
}

const isText = (field: unknown): field is string => typeof field === 'string'
const isTextOrNull = (field: unknown): boolean => field === null || isText(field)
const isYesOrNo = (field: unknown): boolean => typeof field === 'boolean'
const isMoment = (field: unknown): boolean => Number.isSafeInteger(field)

function isWake(value: unknown): boolean {
  const fields = { id: isText, delivered: isYesOrNo, nextAt: isMoment, until: isMoment, holder: isTextOrNull }
  return value === null || hasFields(value, fields)
}

export function isSubscriptionConfig(value: unknown): value is SubscriptionConfig {
  return hasFields(value, {
    type: (field) => field === 'webhook' || field === 'pull-wake',
    pattern: isTextOrNull,
    streams: (field) => Array.isArray(field) && field.every(isText),
    webhook: isTextOrNull,
    wakeStream: isTextOrNull,
    leaseMs: isWhole,
    description: isTextOrNull,
  })
}

export function isSubscriptionRecord(value: unknown): value is SubscriptionRecord {
  return hasFields(value, {
    path: isText,
    number: isText,
    config: isSubscriptionConfig,
    base: isText,
    owner: (field) => typeof field === 'object',
    secret: isText,
    createdAt: isMoment,
    isMaking: isYesOrNo,
    generation: isWhole,
    wake: isWake,
    failures: isWhole,
  })
}

export function isLinkRecord(value: unknown): value is LinkRecord {
  return hasFields(value, { streamId: isText, tail: isWhole, acked: isWhole, explicit: isYesOrNo })
}

export function isWatchRecord(value: unknown): value is WatchRecord {
  return hasFields(value, { path: isText, pattern: isText })
}

export function isNamedWatchRecord(value: unknown): value is NamedWatchRecord {
  return hasFields(value, { path: isText, number: isText, stream: isText })
}

export function isDepartureRecord(value: unknown): value is DepartureRecord {
  return hasFields(value, { path: isText })
}
