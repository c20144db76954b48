import { TailraceError } from '@tailrace/schemas'
import type { AuditRecord } from '../../api/admin-api.ts'
import type { TopicDescription, TopicSummary } from '../../api/broker-api.ts'
import type { BrokerCondition } from '../../api/condition.ts'
import { isAssigned } from './beat-checks.ts'
import type { CascadeStatus } from './cascade-messages.ts'
import {
  type Check,
  eitherNull,
  isBrokerNumber,
  isCondition,
  isCount,
  isText,
  isTopicConfig,
  isTopicSummary,
  listOf,
  shape,
} from './json-checks.ts'

const isPartition = shape({
  partition: isCount,
  leader: isCount,
  term: isCount,
  replicas: listOf(isCount),
  inSync: listOf(isCount),
  logStart: isCount,
  highWatermark: isCount,
})
const isDescription = shape({ name: isText, id: isText, config: isTopicConfig, partitions: listOf(isPartition) })

const isAuditRecord = shape({
  at: isCount,
  broker: isCount,
  by: isText,
  action: isText,
  target: isText,
  detail: isText,
})

/** @throws TailraceError INCOMPATIBLE_PEER, as the others here: a source has answered as no broker would */
export function checkTopicSummary(value: unknown, address: string): TopicSummary {
  return checked(value, isTopicSummary, 'a new topic', address) as TopicSummary
}

export function checkTopicDescription(value: unknown, address: string): TopicDescription {
  return checked(value, isDescription, 'the description of a topic', address) as TopicDescription
}

export function checkStatus(value: unknown, address: string): CascadeStatus {
  return checked(value, shape({ brokers: listOf(isAssigned) }), 'the list of cascade brokers', address) as CascadeStatus
}

export function checkConditions(value: unknown, address: string): readonly BrokerCondition[] {
  const isBroker = shape({ broker: isBrokerNumber, condition: eitherNull(isCondition), why: isText })
  const { brokers } = checked(value, shape({ brokers: listOf(isBroker) }), 'the conditions of brokers', address) as {
    brokers: readonly BrokerCondition[]
  }
  return brokers
}

export function checkAudit(value: unknown, address: string): readonly AuditRecord[] {
  return (
    checked(value, shape({ records: listOf(isAuditRecord) }), 'the audit', address) as {
      records: readonly AuditRecord[]
    }
  ).records
}

function checked(value: unknown, check: Check, what: string, address: string): unknown {
  if (check(value)) return value
  throw new TailraceError('INCOMPATIBLE_PEER', `${address} answers with something other than ${what}.`)
}
