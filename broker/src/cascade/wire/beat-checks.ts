import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { TopicSummary } from '../../api/broker-api.ts'
import { isRange } from '../../cluster/metadata/feature-levels.ts'
import type { CascadeBeat, CascadeBeatReply, CascadeReport } from './cascade-messages.ts'
import {
  type Check,
  eitherNull,
  isCount,
  isFlag,
  isText,
  isTopicSummary,
  listOf,
  MAX_PARTITIONS,
  orMissing,
  shape,
} from './json-checks.ts'

export const isReport = shape({
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
  topicList: eitherNull(isTopicList),
  caughtUp: orMissing(isFlag),
}

function isTopicList(value: unknown): boolean {
  if (!listOf(isTopicSummary)(value)) return false
  const topics = value as readonly TopicSummary[]
  const isOnce = (values: readonly string[]): boolean => new Set(values).size === values.length
  if (!isOnce(topics.map(({ id }) => id)) || !isOnce(topics.map(({ name }) => name))) return false
  return topics.reduce((sum, { partitions }) => sum + partitions, 0) <= MAX_PARTITIONS
}

/**
 * What a source has answered to a beat. It may be anybody: an address is all that is known of it.
 * @throws TailraceError INCOMPATIBLE_PEER, with the field that no broker would send
 */
export function checkBeatReply(value: unknown, address: string): CascadeBeatReply {
  const reply = (shape({})(value) ? value : {}) as Record<string, unknown>
  for (const [name, check] of Object.entries(replyFields)) {
    if (check(reply[name])) continue
    throw new TailraceError('INCOMPATIBLE_PEER', `${address} answers a beat with a wrong or missing "${name}".`)
  }
  return value as CascadeBeatReply
}

/**
 * Whether the sender of a beat is who it says: its own report comes first, and its number is none of level 0's.
 * @throws TailraceError BROKER_IDENTITY_MISMATCH, INVALID_REQUEST
 */
export function checkSender({ broker, reports: [own] }: CascadeBeat, levelZero: readonly BrokerId[]): void {
  if (levelZero.includes(broker)) {
    throw new TailraceError('BROKER_IDENTITY_MISMATCH', `${broker} is a broker of level 0.`)
  }
  if (own === undefined || own.broker === broker) return
  throw new TailraceError('INVALID_REQUEST', `The first report in the beat of ${broker} is that of ${own.broker}.`)
}

/** What cascade brokers say of themselves; whoever passes it on must not be refused for it. @throws TailraceError INVALID_REQUEST */
export function checkReports(value: unknown): readonly CascadeReport[] {
  if (listOf(isReport)(value)) return value as CascadeReport[]
  throw new TailraceError('INVALID_REQUEST', 'A list of cascade brokers has a wrong shape.')
}
