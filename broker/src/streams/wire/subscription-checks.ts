import type { SubscriptionAct, SubscriptionAnswer, SubscriptionConfig } from '../../api/subscriptions-api.ts'
import { CONTROL_PREFIX } from '../../api/subscriptions-api.ts'
import { hasFields, isWhole } from '../../log/store/stored-json.ts'
import { MOST_SEGMENTS } from '../subscriptions/glob.ts'
import { isSubscriptionConfig } from '../subscriptions/subscription-record.ts'
import { isName, isPath, isShort } from './request-checks.ts'

/** Streams that one request names, and acks of one request. */
export const MOST_NAMED_STREAMS = 100
export const MOST_ACKS = 1_000
const MOST_NEWS = 1_000
/** Of all names that a subscription is made with: they are in the memory of its leader. */
const MOST_NAMED_CHARACTERS = 20_000
const MOST_URL_CHARACTERS = 2_000
export const SHORTEST_LEASE_MS = 1_000
export const LONGEST_LEASE_MS = 600_000

type Fields = Readonly<Record<string, (field: unknown) => boolean>>

const isText = (field: unknown): field is string => typeof field === 'string'
const isYesOrNo = (field: unknown): boolean => typeof field === 'boolean'
const isNumber = (field: unknown): boolean => isText(field) && isName(field)
const isStream = (field: unknown): boolean => isText(field) && isStreamName(field)
const isAfter = (field: unknown): boolean => field === '' || (isText(field) && isPath(field))
const isPattern = (field: unknown): boolean => field === null || (isStream(field) && hasFewSegments(field as string))
const hasFewSegments = (pattern: string): boolean => pattern.split('/', MOST_SEGMENTS + 1).length <= MOST_SEGMENTS
const isShortText = (field: unknown): boolean => isText(field) && isShort(field)
const isToken = (field: unknown): boolean => isText(field) && field.length <= MOST_URL_CHARACTERS
const isPartition = isWhole
const areStreams = (field: unknown): boolean =>
  Array.isArray(field) && field.length <= MOST_NAMED_STREAMS && field.every(isStream)

const ofWake: Fields = { token: isToken, wake: isShortText, generation: isWhole }
const acts: Readonly<Record<SubscriptionAct['act'], Fields>> = {
  put: { config: (field) => isSubscriptionConfig(field) && isWanted(field), base: isUrl, owner: isAsker },
  get: { after: isAfter },
  list: { partition: isPartition, after: isAfter },
  delete: {},
  link: { streams: areStreams },
  unlink: { stream: isStream },
  claim: { worker: isNumber },
  ack: { ...ofWake, by: (field) => field === 'callback' || field === 'worker', acks: areAcks, done: isYesOrNo },
  release: ofWake,
  watch: { partition: isPartition, number: isNumber, pattern: isPattern, streams: areStreams, after: isAfter },
  unwatch: { partition: isPartition, number: isNumber, stream: (field) => field === null || isStream(field) },
  'hand-in': { partition: isPartition },
  news: { number: isNumber, news: areNews },
}

/** Whether what was asked about a subscription makes sense, as far as one can tell without it. */
export function isSubscriptionAct(value: unknown): value is SubscriptionAct {
  const { act } = (value ?? {}) as { readonly act?: unknown }
  return isText(act) && Object.hasOwn(acts, act) && hasFields(value, acts[act as SubscriptionAct['act']])
}

/** Whether what another broker has answered makes sense. */
export function isSubscriptionAnswer(value: unknown): value is SubscriptionAnswer {
  return hasFields(value, {
    status: (field) => isWhole(field) && field >= 200 && field <= 499,
    body: (field) => typeof field === 'object' && !Array.isArray(field),
  })
}

/** A name that a client may give a stream. */
export function isStreamName(path: string): boolean {
  return isPath(path) && !path.startsWith(CONTROL_PREFIX)
}

function isWanted(config: SubscriptionConfig): boolean {
  const { type, pattern, streams, webhook, wakeStream, leaseMs, description } = config
  const isShortList = areStreams(streams) && streams.join('').length <= MOST_NAMED_CHARACTERS
  const isAbout = isPattern(pattern) && isShortList && (pattern !== null || streams.length > 0)
  const isDelivered =
    type === 'webhook' ? isUrl(webhook) && wakeStream === null : webhook === null && isStream(wakeStream)
  const isLease = leaseMs >= SHORTEST_LEASE_MS && leaseMs <= LONGEST_LEASE_MS
  return isAbout && isDelivered && isLease && (description === null || isShort(description))
}

function isUrl(field: unknown): boolean {
  return isText(field) && field.length <= MOST_URL_CHARACTERS && URL.canParse(field)
}

function isAsker(field: unknown): boolean {
  const fields = { principal: isText, groups: Array.isArray, host: isText, kind: isText, via: Array.isArray }
  return field === null || hasFields(field, fields)
}

function areAcks(field: unknown): boolean {
  const isAck = (ack: unknown): boolean => hasFields(ack, { stream: isStream, offset: isWhole })
  return Array.isArray(field) && field.length <= MOST_ACKS && field.every(isAck)
}

function areNews(field: unknown): boolean {
  const isNews = (news: unknown): boolean => hasFields(news, { stream: isStream, id: isShortText, tail: isWhole })
  return Array.isArray(field) && field.length <= MOST_NEWS && field.every(isNews)
}
