import { isTopicName, TailraceError } from '@tailrace/schemas'
import { isRange } from '../cluster/feature-levels.ts'
import type { CascadeBeatReply, CascadeReport } from './shapes.ts'

/** As the leader's own bounds, with room for settings that differ. */
const MAX_PARTITIONS = 1_000_000
const MAX_ITEMS = 100_000

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string' && value.length <= 1000
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isFlag: Check = (value) => typeof value === 'boolean'
const isConfig: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.length <= MAX_ITEMS && value.every(check)
}

function eitherNull(check: Check): Check {
  return (value) => value === null || check(value)
}

/** A sender of an earlier version has none. */
function orMissing(check: Check): Check {
  return (value) => value === undefined || check(value)
}

function shape(fields: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(fields)
  return (value) => isConfig(value) && entries.every(([name, check]) => check((value as Record<string, unknown>)[name]))
}

const isReport = shape({
  ...{ broker: isCount, directoryId: isText, http: isText, level: isCount, home: isCount, source: isCount },
  ...{ pinned: isCount, lagRecords: isCount, lagMs: isCount, partitions: isCount, stopped: isCount, ageMs: isCount },
  featureLevels: orMissing(isRange),
})
const isBroker = shape({
  id: isCount,
  http: isText,
  peer: isText,
  level: isCount,
  alive: isFlag,
  pid: isCount,
  featureLevels: orMissing(isRange),
})
const replyFields: Readonly<Record<keyof CascadeBeatReply, Check>> = {
  clusterId: isText,
  broker: isCount,
  level: isCount,
  ancestors: listOf(isCount),
  assignments: listOf(shape({ broker: isCount, source: isCount, pin: eitherNull(isCount) })),
  cluster: shape({
    ...{ clusterId: isText, metadataLeader: isCount, brokers: listOf(isBroker) },
    featureLevel: orMissing(isCount),
  }),
  topics: isText,
  topicsVersion: orMissing(isCount),
  topicList: eitherNull(listOf(isTopic)),
  caughtUp: orMissing(isFlag),
}

function isTopic(value: unknown): boolean {
  const fields = { name: isText, id: isText, partitions: isCount, replicas: isCount, config: isConfig }
  if (!shape(fields)(value)) return false
  const { name, partitions } = value as { name: string; partitions: number }
  return isTopicName(name) && partitions >= 1 && partitions <= MAX_PARTITIONS
}

/**
 * What a source has answered to a beat. It may be anybody: an address is all that is known of it.
 * @throws TailraceError INCOMPATIBLE_PEER, with the field that no broker would send
 */
export function checkBeatReply(value: unknown, address: string): CascadeBeatReply {
  const reply = (isConfig(value) ? value : {}) as Record<string, unknown>
  for (const [name, check] of Object.entries(replyFields)) {
    if (check(reply[name])) continue
    throw new TailraceError('INCOMPATIBLE_PEER', `${address} answers a beat with a wrong or missing "${name}".`)
  }
  return value as CascadeBeatReply
}

/** @throws TailraceError INVALID_REQUEST */
export function checkReports(value: unknown): readonly CascadeReport[] {
  if (listOf(isReport)(value)) return value as CascadeReport[]
  throw new TailraceError('INVALID_REQUEST', 'A list of cascade brokers has a wrong shape.')
}
