import type { EntryKind, GroupStatusFields, Message } from '@tailrace/schemas'
import type { GroupStatus } from '../../partition/group.ts'
import type { Configuration } from '../../raft/config.ts'
import type { EntryStatus } from '../../raft/log/entry-states.ts'
import type { MemberTarget } from '../../raft/members/member-target.ts'
import { isBrokerSet, isNatural, isPositive } from '../metadata/commands/command-checks.ts'
import type { GroupReport } from './group-requests.ts'

type Fields = Omit<Message<'GroupReportReply'>, 'correlation'>
type Admissions = GroupStatusFields['configuration']['admissions']

/** A broker's report of its replica, as it is sent to another. */
export function groupReportFields({ broker, status, lastTerm, tail }: GroupReport): Fields {
  const { configuration, change, followers, voters, inSync } = status
  return {
    broker,
    status: {
      ...status,
      configuration: {
        voters: [...configuration.voters],
        outgoing: [...configuration.outgoing],
        learners: [...configuration.learners],
        admissions: admissionFields(configuration.admissions),
      },
      change: { ...change, target: targetFields(change.target), reason: change.reason ?? null },
      followers: followers.map((follower) => ({ ...follower })),
      voters: [...voters],
      inSync: [...inSync],
    },
    lastTerm,
    tail: tail.map((entry) => ({ ...entry, batch: entry.batch ?? null })),
  }
}

/** `fields` have passed `isGroupReport`. */
export function groupReportOf({ broker, status, lastTerm, tail }: Fields): GroupReport {
  const { change, configuration } = status
  const { voters, outgoing, learners, admissions } = configuration
  const read = {
    ...status,
    configuration: { voters, outgoing, learners, ...admissionsOf(admissions) } satisfies Configuration,
    change: { stage: change.stage, round: change.round, target: targetOf(change.target), ...reasonOf(change.reason) },
  }
  const entries = tail.map(({ batch, kind, ...entry }) => ({
    ...entry,
    kind: kind as EntryKind | null,
    ...(batch && { batch }),
  }))
  return { broker, status: read as GroupStatus, lastTerm, tail: entries as EntryStatus[] }
}

const roles: readonly GroupStatus['role'][] = ['follower', 'pre-candidate', 'candidate', 'leader']
const stages: readonly GroupStatus['change']['stage'][] = ['stable', 'staging', 'joint', 'leaving']
const outcomes: readonly NonNullable<GroupStatus['lastChange']>['outcome'][] = ['done', 'failed']
const followerStates: readonly GroupStatus['followers'][number]['state'][] = ['probe', 'replicate', 'snapshot']
const entryStates: readonly EntryStatus['state'][] = ['uncommitted', 'committed', 'applied', 'purged']

/** Checks beyond Avro's types: invalid numbers, brokers that are named twice, words that only a newer broker knows. */
export function isGroupReport({ broker, status, lastTerm, tail }: Fields): boolean {
  const { commitIndex, lastIndex, durableIndex, prevIndex, configurationIndex } = status
  const { term, leader, group, highWatermark, logStart, sizeBytes, transferringTo } = status
  const numbers = [term, leader, group, highWatermark, logStart, sizeBytes, transferringTo ?? 0, lastTerm]
  const indexes = [commitIndex, lastIndex, durableIndex, prevIndex, configurationIndex]
  return (
    isPositive(broker) &&
    [...numbers, ...indexes].every(isNatural) &&
    isOneOf(roles, status.role) &&
    isPositive(status.electionFactor) &&
    [status.voters, status.inSync].every(isBrokerSet) &&
    isMembership(status.configuration) &&
    isChange(status) &&
    isDuty(status) &&
    tail.every((entry, at) => isEntry(entry) && entry.index > (tail[at - 1]?.index ?? 0))
  )
}

function isMembership({ voters, learners, admissions, ...rest }: Partial<GroupStatusFields['configuration']>): boolean {
  const sets = [voters ?? [], learners ?? [], rest.outgoing ?? [], (admissions ?? []).map(({ broker }) => broker)]
  return sets.every(isBrokerSet) && (admissions ?? []).every(({ admission }) => isNatural(admission))
}

function isChange({ change, lastChange }: GroupStatusFields): boolean {
  const { stage, round, target } = change
  const isEnded = lastChange === null || isOneOf(outcomes, lastChange.outcome)
  return isOneOf(stages, stage) && isNatural(round) && (target === null || isMembership(target)) && isEnded
}

/** Other work of the replica: leading others, receiving a copy, keeping a snapshot. */
function isDuty({ followers, installing, snapshot }: GroupStatusFields): boolean {
  const { source, receivedBytes, totalBytes } = installing ?? { source: 1, receivedBytes: 0, totalBytes: 0 }
  const { index, term, at, bytes } = snapshot ?? { index: 0, term: 0, at: 0, bytes: 0 }
  const ofFollowers = followers.flatMap(({ matchIndex, nextIndex, inflight }) => [matchIndex, nextIndex, inflight])
  return (
    isBrokerSet(followers.map(({ id }) => id)) &&
    followers.every(({ state }) => isOneOf(followerStates, state)) &&
    isPositive(source) &&
    [...ofFollowers, receivedBytes, totalBytes, index, term, at, bytes].every(isNatural)
  )
}

/** An entry that takes no offset ends one before it begins. */
function isEntry({ index, term, kind, batch, state }: Fields['tail'][number]): boolean {
  const { baseOffset, lastOffset, bytes } = batch ?? { baseOffset: 0, lastOffset: 0, bytes: 0 }
  const numbers = [term ?? 0, kind ?? 0, baseOffset, lastOffset + 1, bytes]
  return isPositive(index) && numbers.every(isNatural) && isOneOf(entryStates, state)
}

function isOneOf(words: readonly string[], word: string): boolean {
  return words.includes(word)
}

function admissionFields(admissions: Configuration['admissions'] = {}): Admissions {
  return Object.entries(admissions).map(([broker, admission]) => ({ broker: Number(broker), admission }))
}

function admissionsOf(admissions: Admissions): Pick<Configuration, 'admissions'> {
  if (admissions.length === 0) return {}
  return { admissions: Object.fromEntries(admissions.map(({ broker, admission }) => [broker, admission])) }
}

function targetFields(target: MemberTarget | null): GroupStatusFields['change']['target'] {
  if (target === null) return null
  const { voters, learners, admissions } = target
  return { voters: [...voters], learners: [...learners], admissions: admissionFields(admissions) }
}

function targetOf(target: GroupStatusFields['change']['target']): MemberTarget | null {
  if (target === null) return null
  const { voters, learners, admissions } = target
  return { voters, learners, ...admissionsOf(admissions) }
}

function reasonOf(reason: string | null): { readonly reason?: string } {
  return reason === null ? {} : { reason }
}
