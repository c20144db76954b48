import { checkTopicName, TailraceError } from '@tailrace/schemas'
import type { TopicChanges } from '../../../api/admin-api.ts'
import type { CreateTopicRequest } from '../../../api/broker-api.ts'
import { type SettingBounds, settingsByName } from '../topic-settings.ts'

export interface TopicLimits extends SettingBounds {
  /** Of one request. */
  readonly maxPartitionsPerTopic: number
  /** Beyond it a broker gets no further replicas. */
  readonly maxReplicasPerBroker: number
}

export const defaultPartitionLimits = { maxPartitionsPerTopic: 10_000, maxReplicasPerBroker: 20_000 } as const

/** @throws TailraceError INVALID_TOPIC_NAME, INVALID_REPLICATION, INVALID_SETTING */
export function checkCreateTopic(request: CreateTopicRequest, brokers: number, limits: TopicLimits): void {
  const { name, partitions, replicas, config } = request
  checkTopicName(name)
  const { maxPartitionsPerTopic } = limits
  if (!isBetween(partitions, 1, maxPartitionsPerTopic)) {
    throw new TailraceError(
      'INVALID_REPLICATION',
      `A topic has 1 to ${maxPartitionsPerTopic} partitions (maxPartitionsPerTopic), not ${partitions}.`,
    )
  }
  if (!isBetween(replicas, 1, brokers)) {
    throw new TailraceError('INVALID_REPLICATION', `1 to ${brokers} replicas are possible here, not ${replicas}.`)
  }
  if (Object.values(config ?? {}).includes(null as never)) {
    throw new TailraceError('INVALID_SETTING', 'Leave out the settings of a new topic that are to have their defaults.')
  }
  checkChanges(config === undefined ? {} : config, limits)
}

/** `present`: how many partitions the topic has. @throws TailraceError INVALID_PARTITIONS */
export function checkMorePartitions(partitions: number, present: number, { maxPartitionsPerTopic }: TopicLimits): void {
  if (isBetween(partitions, Math.max(present, 1), maxPartitionsPerTopic)) return
  const most = `at most ${maxPartitionsPerTopic} are possible (maxPartitionsPerTopic)`
  throw new TailraceError('INVALID_PARTITIONS', `It has ${present}, and ${most}, not ${partitions}.`)
}

/**
 * Checks settings of a topic; null puts one back to its default.
 * @throws TailraceError INVALID_SETTING
 */
export function checkChanges(changes: TopicChanges, limits: TopicLimits): void {
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes))
    throw new TailraceError('INVALID_SETTING', 'Settings of a topic are an object.')
  for (const [name, value] of Object.entries(changes)) {
    const setting = settingsByName.get(name)
    if (setting === undefined) {
      const known = [...settingsByName.keys()].join(', ')
      throw new TailraceError('INVALID_SETTING', `A topic has no setting "${name}"; it has ${known}.`)
    }
    if (value === null || value === undefined) continue
    if (setting.kind === 'boolean') {
      if (typeof value === 'boolean') continue
      throw new TailraceError('INVALID_SETTING', `${name} is true or false, not ${value}.`)
    }
    const { least } = setting
    const most = typeof setting.most === 'number' ? setting.most : limits[setting.most]
    if (isBetween(value, least, most)) continue
    throw new TailraceError('INVALID_SETTING', `${name} is an integer from ${least} to ${most}, not ${value}.`)
  }
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}
