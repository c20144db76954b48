import { checkTopicName, TailraceError } from '@tailrace/schemas'
import type { CreateTopicRequest, TopicConfig } from './broker-api.ts'

export const MAX_PARTITIONS = 1000
const SMALLEST_BATCH_LIMIT = 1024

export interface TopicLimits {
  /** The largest `maxBatchBytes` that a topic may ask for: it must fit into a frame. */
  readonly maxBatchBytes: number
}

/** @throws TailraceError INVALID_TOPIC_NAME, INVALID_REPLICATION, INVALID_SETTING */
export function checkCreateTopic(request: CreateTopicRequest, brokers: number, limits: TopicLimits): void {
  const { name, partitions, replicas, config } = request
  checkTopicName(name)
  if (!isBetween(partitions, 1, MAX_PARTITIONS)) {
    throw new TailraceError('INVALID_REPLICATION', `A topic has 1 to ${MAX_PARTITIONS} partitions, not ${partitions}.`)
  }
  if (!isBetween(replicas, 1, brokers)) {
    throw new TailraceError('INVALID_REPLICATION', `1 to ${brokers} replicas are possible here, not ${replicas}.`)
  }
  checkConfig(config ?? {}, limits)
}

function checkConfig(config: TopicConfig, limits: TopicLimits): void {
  for (const setting of Object.keys(config)) {
    if (setting !== 'maxBatchBytes') {
      throw new TailraceError('INVALID_SETTING', `A topic has no setting "${setting}"; it has maxBatchBytes.`)
    }
  }
  const { maxBatchBytes } = config
  if (maxBatchBytes !== undefined && !isBetween(maxBatchBytes, SMALLEST_BATCH_LIMIT, limits.maxBatchBytes)) {
    throw new TailraceError(
      'INVALID_SETTING',
      `maxBatchBytes is an integer from ${SMALLEST_BATCH_LIMIT} to ${limits.maxBatchBytes}, not ${maxBatchBytes}.`,
    )
  }
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}
