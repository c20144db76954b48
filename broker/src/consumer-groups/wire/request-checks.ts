import { isTopicName } from '@tailrace/schemas'
import type {
  ConsumerGroupBeat,
  ConsumerGroupPosition,
  ConsumerGroupRequest,
  TopicPartitionId,
} from '../../api/consumer-groups-api.ts'
import { COORDINATORS } from '../../api/consumer-groups-api.ts'
import { consumerGroupLimits as limits } from '../state/consumer-group-limits.ts'
import { placeKey } from '../state/place-key.ts'
import { areOnce, isNatural } from './field-checks.ts'

const MOST_BEAT_WAIT_MS = 30_000
const MOST_INT = 2 ** 31 - 1
/** Ids of members and topics. */
const plainIds = /^[A-Za-z0-9._-]+$/
/** Connections, the one nearest to the coordinator first. */
const ways = /^[A-Za-z0-9._/-]*$/

/** Whether a request that came from outside makes sense, as far as one can tell without the group. */
export function isConsumerGroupRequest(asked: ConsumerGroupRequest): boolean {
  if (asked.kind === 'list') return isNatural(asked.partition) && asked.partition < COORDINATORS
  if (!isConsumerGroupName(asked.group)) return false
  switch (asked.kind) {
    case 'beat':
      return isBeat(asked)
    case 'commit':
      return asked.positions.length > 0 && arePositions(asked.positions)
    case 'delay': {
      const { member, offset, token, delayMs, attempt } = asked
      const isSound = member !== '' && isPlace(asked) && isTopicName(asked.topic)
      const isDelay = isNatural(delayMs) && delayMs <= limits.maxDelayMs && isNatural(attempt) && attempt <= MOST_INT
      return isSound && isDelay && isNatural(offset) && isNatural(token)
    }
    case 'describe':
      return true
    case 'alter':
      return arePositions(asked.positions) && asked.positions.every(({ token, done }) => token === 0 && !done)
  }
}

/** Of any request, also of one that needs none of them. */
export function areNames(group: string, member: string): boolean {
  return isLine(group) && isId(member)
}

/** Text that a line can show. */
function isConsumerGroupName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && isLine(name)
}

function isBeat(beat: ConsumerGroupBeat): boolean {
  const { member, epoch, clientId, instance, rack, sessionMs, waitMs, subscribed, owned, stuck } = beat
  const named = member !== '' && [clientId, instance, rack].every(isLine)
  const timed = sessionMs >= limits.minSessionMs && sessionMs <= limits.maxSessionMs
  const waits = isNatural(waitMs) && waitMs <= MOST_BEAT_WAIT_MS && waitMs * 2 <= sessionMs
  const { topics = [], patterns = [] } = subscribed ?? {}
  const subscribes = [topics, patterns].every(areOnce) && topics.every(isTopicName) && patterns.every(isPattern)
  const holds = owned.every((one) => isPlace(one) && isNatural(one.token)) && areOnce(owned.map(placeKey))
  const late = stuck.every((one) => isPlace(one) && isNatural(one.offset) && isNatural(one.sinceMs))
  const known = Number.isSafeInteger(epoch) && epoch >= -3 && epoch <= MOST_INT
  const { number = 0, via = '', declined = [] } = beat
  const carried = isNatural(number) && via.length <= limits.viaLength && ways.test(via)
  const declines = declined.every((one) => isPlace(one) && isNatural(one.token)) && areOnce(declined.map(placeKey))
  const tells = late && areOnce(stuck.map(placeKey)) && declines
  return named && known && carried && timed && waits && subscribes && holds && tells
}

function arePositions(positions: readonly ConsumerGroupPosition[]): boolean {
  const sound = positions.every((one) => {
    const { topic, token, offset, term, metadata } = one
    const counts = [token, offset, term].every(isNatural) && term <= MOST_INT
    return isPlace(one) && isTopicName(topic) && counts && metadata.length <= limits.metadataBytes
  })
  // A position once, and each delayed record that is done once.
  return sound && areOnce(positions.map((one) => `${placeKey(one)} ${one.done ? one.offset : ''}`))
}

/** Text with `*` for any characters, and else what names of topics have. */
function isPattern(pattern: string): boolean {
  return /^[a-zA-Z0-9._*-]{1,249}$/.test(pattern)
}

function isPlace({ topicId, partition }: TopicPartitionId): boolean {
  return isPlainId(topicId) && isNatural(partition) && partition <= limits.partitions
}

function isId(id: string): boolean {
  return id === '' || isPlainId(id)
}

function isPlainId(id: string): boolean {
  return id.length <= limits.memberIdLength && plainIds.test(id)
}

function isLine(text: string): boolean {
  return text.length <= limits.nameLength && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
}
