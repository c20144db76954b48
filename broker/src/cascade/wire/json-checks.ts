import { isTopicName } from '@tailrace/schemas'
import type { TopicSummary } from '../../api/broker-api.ts'

/** Whether a value that came as JSON, or in a message, is sound: Avro's types do not cover all rules. */
export type Check = (value: unknown) => boolean

const MAX_ITEMS = 100_000
export const MAX_TOPICS = MAX_ITEMS
/** The most that the setting maxPartitionsPerTopic allows. */
const MAX_PARTITIONS_OF_TOPIC = 100_000
/** Of all topics: more than a cascade broker can copy. */
export const MAX_PARTITIONS = 1_000_000

export const isText: Check = textUpTo(1000)
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
/** A count that Avro carries as an int. */
export const isSmallCount: Check = (value) => isCount(value) && (value as number) < 2 ** 31
/** The same, or -1: not told. */
export const isSmallCountOrNone: Check = (value) => value === -1 || isSmallCount(value)
/** A count, or -1: not told. */
export const isCountOrNone: Check = (value) => value === -1 || isCount(value)
export const isBrokerNumber: Check = (value) => isSmallCount(value) && value !== 0
export const isFlag: Check = (value) => typeof value === 'boolean'

export function textUpTo(characters: number): Check {
  return (value) => typeof value === 'string' && value.length <= characters
}

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.length <= MAX_ITEMS && value.every(check)
}

export function eitherNull(check: Check): Check {
  return (value) => value === null || check(value)
}

/** A sender of an earlier version has none. */
export function orMissing(check: Check): Check {
  return (value) => value === undefined || check(value)
}

/** An object with these fields, and perhaps with others, which a later version may have. */
export function shape(fields: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(fields)
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    entries.every(([name, check]) => check((value as Record<string, unknown>)[name]))
}

const isSetting = orMissing(isCount)

/** Settings of a topic: a copy stores and shows them. */
export const isTopicConfig = shape({
  maxBatchBytes: isSetting,
  retentionBytes: isSetting,
  retentionMs: isSetting,
  readOnly: orMissing(isFlag),
  timestampBeforeMaxMs: isSetting,
  timestampAfterMaxMs: isSetting,
  segmentBytes: isSetting,
  segmentMs: isSetting,
  minInsyncReplicas: isSetting,
})

const hasSummary = shape({
  name: isText,
  id: isText,
  partitions: isCount,
  replicas: isCount,
  config: isTopicConfig,
  deleted: orMissing(listOf(shape({ partition: isCount, before: isCount }))),
})

export function isTopicSummary(value: unknown): value is TopicSummary {
  if (!hasSummary(value)) return false
  const { name, id, partitions } = value as TopicSummary
  return isTopicName(name) && id !== '' && partitions >= 1 && partitions <= MAX_PARTITIONS_OF_TOPIC
}

/** How a broker is, as it says itself. */
export const isCondition = shape({
  ready: isFlag,
  reason: isText,
  writable: isFlag,
  freeBytes: isCount,
  reserveBytes: isCount,
  secondsUntilFull: eitherNull(isCount),
  checksumFailures: isCount,
  quarantined: isSmallCount,
  stopped: isSmallCount,
})
