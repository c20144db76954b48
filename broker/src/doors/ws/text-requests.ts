import type { PartitionNumber, Position } from '@tailrace/schemas'
import { checkPartitionNumber, positionFrom, TailraceError } from '@tailrace/schemas'
import { type ConditionalRecords, conditionalRecords, conditionFromJson } from '../json/conditional-publish.ts'
import { nameOf } from '../json/value.ts'
import type { SubscriptionRequest } from '../subscriptions/subscription-parts.ts'

/** An id that the client chose; it comes back in every answer. */
export type TextId = string | number

export type TextCredential =
  | { readonly token: string; readonly user?: never; readonly password?: never }
  | { readonly token?: never; readonly user: string; readonly password: string }

/** The state of the broker, or something that has a state of its own. */
export type Watched =
  /** `topics`: the names of those to be described. */
  { readonly of: 'broker'; readonly topics: readonly string[] } | WatchedSubject

export type WatchedSubject =
  | {
      readonly of: 'partition'
      readonly topic: string
      readonly partition: PartitionNumber
      readonly topicId: string
    }
  | { readonly of: 'cascade' }
  | { readonly of: 'moves' }
  | { readonly of: 'audit' }
  | { readonly of: 'stages' }
  | { readonly of: 'consumer-groups' }
  | { readonly of: 'consumer-group'; readonly group: string }

export type TextRequest =
  | ({ readonly op: 'subscribe'; readonly id: TextId } & SubscriptionRequest)
  | { readonly op: 'credit'; readonly id: TextId; readonly bytes: number }
  | { readonly op: 'unsubscribe'; readonly id: TextId }
  | ({ readonly op: 'watch'; readonly id: TextId } & Watched)
  | { readonly op: 'unwatch'; readonly id: TextId }
  | { readonly op: 'authenticate'; readonly id: TextId; readonly credential: TextCredential }
  | {
      readonly op: 'publish'
      readonly id: TextId
      readonly topic: string
      readonly topicId: string
      readonly records: unknown
    }
  | ({
      readonly op: 'publish-if'
      readonly id: TextId
      readonly topic: string
      readonly topicId: string
    } & ConditionalRecords)

export const textOperations: readonly string[] = [
  'subscribe',
  'credit',
  'unsubscribe',
  'publish',
  'publish-if',
  'authenticate',
  'watch',
  'unwatch',
] satisfies TextRequest['op'][]
const subjects: readonly string[] = [
  'broker',
  'partition',
  'cascade',
  'moves',
  'audit',
  'stages',
  'consumer-groups',
  'consumer-group',
] satisfies Watched['of'][]
/** A client that names no credit is sent records as fast as it reads: the socket slows the broker down. */
const defaultCredit = Number.MAX_SAFE_INTEGER
const maxIdLength = 256
const maxTopicLength = 249
const maxGroupLength = 255
/** As many as a Subscribe frame may name. */
const mostPartitions = 10_000
/** Of one watch. */
const mostWatchedTopics = 100

/** The object that a text frame holds. Throws INVALID_REQUEST. */
export function objectFromText(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid(`A text frame holds one JSON object: ${(error as Error).message.slice(0, 100)}.`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalid(`A text frame holds one JSON object, this is ${nameOf(value)}.`)
}

/** The id to answer to, if there is a usable one. */
export function idOf(message: Record<string, unknown>): TextId | undefined {
  const { id } = message
  if (typeof id === 'string' && id.length <= maxIdLength) return id
  return typeof id === 'number' ? id : undefined
}

/** Checks a message. Throws INVALID_REQUEST that names the field. */
export function requestFrom(message: Record<string, unknown>): TextRequest {
  const { op } = message
  const id = idOf(message)
  if (!isOperation(op)) throw invalid(`op must be one of ${textOperations.join(', ')}.`)
  if (id === undefined) throw invalid(`id must be a string of up to ${maxIdLength} characters, or a number.`)
  switch (op) {
    case 'subscribe':
      return { op, id, ...subscriptionFrom(message) }
    case 'credit':
      return { op, id, bytes: positiveInteger(message.bytes, 'bytes') }
    case 'unsubscribe':
    case 'unwatch':
      return { op, id }
    case 'watch':
      return { op, id, ...watchedFrom(message) }
    case 'authenticate':
      return { op, id, credential: credentialFrom(message) }
    case 'publish':
      return {
        op,
        id,
        topic: topicFrom(message.topic),
        topicId: topicIdFrom(message.topicId),
        records: message.records,
      }
    case 'publish-if':
      return {
        op,
        id,
        topic: topicFrom(message.topic),
        topicId: topicIdFrom(message.topicId),
        ...conditionalRecords(partitionFrom(message.partition), conditionFromJson(message), message.records),
      }
  }
}

function isOperation(op: unknown): op is TextRequest['op'] {
  return textOperations.includes(op as string)
}

/** `{"token": …}`, or `{"user": …, "password": …}`. */
function credentialFrom({ token, user, password }: Record<string, unknown>): TextCredential {
  if (typeof token === 'string' && user === undefined && password === undefined) return { token }
  if (token === undefined && typeof user === 'string' && typeof password === 'string') return { user, password }
  throw invalid('authenticate takes a token, or a user and a password.')
}

function subscriptionFrom(message: Record<string, unknown>): SubscriptionRequest {
  const { topic, topicId, from, partitions, credit } = message
  const position = from === undefined ? ({ kind: 'LATEST', value: 0 } as const) : positionAt(from, 'from')
  return {
    topic: topicFrom(topic),
    topicId: topicIdFrom(topicId),
    position,
    partitions: partitionsFrom(partitions, position),
    credit: credit === undefined ? defaultCredit : positiveInteger(credit, 'credit'),
  }
}

function partitionsFrom(partitions: unknown, position: Position): { partition: PartitionNumber; position: Position }[] {
  if (partitions === undefined) return []
  if (!Array.isArray(partitions) || partitions.length === 0) {
    throw invalid('partitions must be an array such as [0, 2], or [{"partition": 0, "from": 1200}] to resume.')
  }
  if (partitions.length > mostPartitions) {
    throw invalid(`partitions has ${partitions.length} items; a subscription may name ${mostPartitions}.`)
  }
  return partitions.map((entry: unknown, index) => {
    const at = `partitions[${index}]`
    if (typeof entry !== 'object' || entry === null) return { partition: partitionFrom(entry), position }
    const { partition, from } = entry as Record<string, unknown>
    return {
      partition: partitionFrom(partition),
      position: from === undefined ? position : positionAt(from, `${at}.from`),
    }
  })
}

function partitionFrom(partition: unknown): PartitionNumber {
  checkPartitionNumber(partition)
  return partition
}

function positionAt(from: unknown, at: string): Position {
  const position = positionFrom(from)
  if (position !== null) return position
  throw invalid(`${at} must be "earliest", "latest", an offset, or a time such as "2026-03-01T12:00:00Z".`)
}

function watchedFrom({ of = 'broker', topics, topic, partition, topicId, group }: Record<string, unknown>): Watched {
  switch (of) {
    case 'broker':
      return { of, topics: watchedTopics(topics) }
    case 'partition':
      return { of, topic: topicFrom(topic), partition: partitionFrom(partition), topicId: topicIdFrom(topicId) }
    case 'cascade':
    case 'moves':
    case 'audit':
    case 'stages':
    case 'consumer-groups':
      return { of }
    case 'consumer-group':
      return { of, group: groupFrom(group) }
    default:
      throw invalid(`of must be one of ${subjects.join(', ')}, or be left out.`)
  }
}

function watchedTopics(topics: unknown): string[] {
  if (topics === undefined) return []
  if (!Array.isArray(topics)) throw invalid('topics must be an array of names of topics, or be left out.')
  if (topics.length > mostWatchedTopics) {
    throw invalid(`topics has ${topics.length} items; a watch may name ${mostWatchedTopics}.`)
  }
  return topics.map((name: unknown, index) => {
    if (typeof name === 'string' && name.length > 0 && name.length <= maxTopicLength) return name
    throw invalid(`topics[${index}] must be the name of a topic.`)
  })
}

function topicFrom(topic: unknown): string {
  if (typeof topic === 'string' && topic.length > 0) return topic
  throw invalid('topic must be the name of a topic.')
}

function groupFrom(group: unknown): string {
  if (typeof group === 'string' && group.length > 0 && group.length <= maxGroupLength) return group
  throw invalid(`group must be the name of a consumer group, of up to ${maxGroupLength} characters.`)
}

/** Empty: the topic that has the name. */
function topicIdFrom(topicId: unknown): string {
  if (topicId === undefined) return ''
  if (typeof topicId === 'string' && topicId.length > 0) return topicId
  throw invalid('topicId must be the id of a topic, or be left out.')
}

function positiveInteger(value: unknown, at: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw invalid(`${at} must be a whole number above 0.`)
}

function invalid(detail: string): TailraceError {
  return new TailraceError('INVALID_REQUEST', detail)
}
