import type { BrokerId, CascadeReport, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { isRange } from '../../cluster/metadata/feature-levels.ts'
import { beatReplyFrom } from './cascade-fields.ts'
import type { CascadeBeat, CascadeBeatReply } from './cascade-messages.ts'
import {
  type Check,
  eitherNull,
  isBrokerNumber,
  isCondition,
  isCount,
  isCountOrNone,
  isFlag,
  isSmallCount,
  isSmallCountOrNone,
  isText,
  listOf,
  orMissing,
  shape,
  textUpTo,
} from './json-checks.ts'

export const isReport = shape({
  broker: isBrokerNumber,
  directoryId: textUpTo(100),
  http: textUpTo(300),
  level: isSmallCount,
  home: isSmallCount,
  source: isSmallCount,
  pinned: isSmallCount,
  lagRecords: isCount,
  lagBytes: isCount,
  lagMs: isCount,
  partitions: isCount,
  stopped: isCount,
  ageMs: isCount,
  featureLevels: isRange,
  condition: orMissing(eitherNull(isCondition)),
  overtaken: orMissing(isCount),
  missedRecords: orMissing(isCount),
  rack: orMissing(textUpTo(100)),
  connections: orMissing(isSmallCountOrNone),
  sentBytesPerSecond: orMissing(isCountOrNone),
  clientBytesPerSecond: orMissing(isCountOrNone),
  copiedBytesPerSecond: orMissing(isCountOrNone),
  topics: orMissing(listOf(textUpTo(250))),
})
const isLoad = shape({ connections: isSmallCountOrNone, lagMs: isCount, ready: isFlag })
export const isAssigned: Check = (value) => isReport(value) && shape({ assigned: isSmallCount })(value)
export const isClusterBroker = shape({
  id: isSmallCount,
  http: isText,
  peer: isText,
  level: isSmallCount,
  alive: isFlag,
  pid: isCount,
  featureLevels: eitherNull(isRange),
  rack: orMissing(textUpTo(100)),
  load: orMissing(eitherNull(isLoad)),
  topics: orMissing(listOf(textUpTo(250))),
})
export const isAssignment = shape({
  broker: isSmallCount,
  source: isSmallCount,
  pin: eitherNull(isSmallCount),
})
const answerNumbers = {
  taken: orMissing(isSmallCount),
  list: orMissing(isSmallCount),
  listAfter: orMissing(isSmallCount),
  gone: orMissing(listOf(isSmallCount)),
}
/** The fields of an answer by which the next beat and the list of brokers build on the last ones. */
export const areAnswerNumbers = shape(answerNumbers)
/** The same of a beat. */
export const areBeatNumbers = shape({
  after: orMissing(isSmallCount),
  ages: orMissing(listOf(isSmallCount)),
  gone: orMissing(listOf(isSmallCount)),
  list: orMissing((number) => number === -1 || isSmallCount(number)),
})
const replyChecks: Readonly<Record<Exclude<keyof Message<'CascadeBeatReply'>, 'correlation'>, Check>> = {
  clusterId: isText,
  broker: isSmallCount,
  level: isSmallCount,
  ancestors: listOf(isSmallCount),
  assignments: listOf(isAssignment),
  metadataLeader: isSmallCount,
  featureLevel: eitherNull(isSmallCount),
  brokers: listOf(isClusterBroker),
  topics: isText,
  topicsVersion: isCount,
  caughtUp: isFlag,
  security: isText,
  ...answerNumbers,
}

/**
 * The answer of a source to a beat. It may be any program: only its address is known.
 * @throws TailraceError INCOMPATIBLE_PEER, with the field that no broker would send
 */
export function checkBeatReply(fields: Message<'CascadeBeatReply'>, address: string): CascadeBeatReply {
  for (const [name, check] of Object.entries(replyChecks)) {
    if (check(fields[name as keyof typeof replyChecks])) continue
    throw new TailraceError('INCOMPATIBLE_PEER', `${address} answers a beat with a wrong "${name}".`)
  }
  return beatReplyFrom(fields)
}

/**
 * A beat as it comes in.
 * @throws TailraceError INVALID_REQUEST
 */
export function checkBeat({ clusterId, broker, reports, ...numbers }: Message<'CascadeBeat'>): CascadeBeat {
  if (!textUpTo(100)(clusterId)) throw new TailraceError('INVALID_REQUEST', 'The id of a cluster is too long.')
  if (!isBrokerNumber(broker)) throw new TailraceError('INVALID_REQUEST', `${broker} is no broker's number.`)
  if (reports.length === 0) throw new TailraceError('INVALID_REQUEST', 'A beat begins with the report of its sender.')
  if (!areBeatNumbers(numbers)) throw new TailraceError('INVALID_REQUEST', 'A beat has a number that counts nothing.')
  return { clusterId, broker, reports: checkReports(reports) }
}

/**
 * Checks that the sender of a beat is the broker that it claims to be: its own report comes first, and its number is
 * none of level 0's.
 * @throws TailraceError BROKER_IDENTITY_MISMATCH, INVALID_REQUEST
 */
export function checkSender({ broker, reports: [own] }: CascadeBeat, levelZero: readonly BrokerId[]): void {
  if (levelZero.includes(broker)) {
    throw new TailraceError('BROKER_IDENTITY_MISMATCH', `${broker} is a broker of level 0.`)
  }
  if (own === undefined || own.broker === broker) return
  throw new TailraceError('INVALID_REQUEST', `The first report in the beat of ${broker} is that of ${own.broker}.`)
}

/**
 * Reports as they come in; a broker that passes them on must not be refused for them.
 * @throws TailraceError INVALID_REQUEST
 */
export function checkReports(reports: readonly CascadeReport[]): readonly CascadeReport[] {
  if (listOf(isReport)(reports)) return reports
  throw new TailraceError('INVALID_REQUEST', 'A report of a cascade broker has a wrong number or too long a text.')
}
