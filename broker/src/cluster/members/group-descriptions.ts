import type { BrokerId } from '@tailrace/schemas'
import { EntryKind } from '@tailrace/schemas'
import type {
  EntryDescription,
  GroupDescription,
  MemberProgress,
  MembersDescription,
  ReplicaDescription,
} from '../../api/admin-api.ts'
import type { GroupStatus } from '../../partition/group.ts'
import type { Configuration } from '../../raft/config.ts'
import { isVoter } from '../../raft/members/quorum.ts'
import type { TopicPartition } from '../metadata/partition-replicas.ts'
import type { GroupReport } from './group-requests.ts'

const NAMES: Record<number, EntryDescription['kind']> = {
  [EntryKind.Records]: 'records',
  [EntryKind.TermStart]: 'term-start',
  [EntryKind.Configuration]: 'configuration',
  [EntryKind.Fence]: 'fence',
  [EntryKind.Deletion]: 'deletion',
}

/**
 * The members in a leader's report, for people. `partition`: null for the metadata group, whose own log has the wanted
 * members.
 */
export function membersPage({ broker, status }: GroupReport, partition: TopicPartition | null): MembersDescription {
  const { voters, outgoing, learners } = status.configuration
  const target = partition === null ? (status.change.target?.voters ?? null) : (partition.change?.replicas ?? null)
  const recorded = partition?.lastChange
  const heard = partition === null && status.lastChange !== null ? { ...status.lastChange, target: voters } : null
  return {
    leader: status.leader,
    term: status.term,
    stage: status.change.stage,
    voters,
    outgoing,
    learners,
    target,
    members: [...new Set([...voters, ...outgoing, ...learners])].map((id) => progressOf(id, broker, status)),
    lastOutcome:
      recorded === undefined ? heard : { outcome: recorded.outcome, reason: recorded.reason, target: recorded.target },
  }
}

/** An outgoing voter that stays as a learner votes until the change is done. */
export function roleOf(id: BrokerId, configuration: Configuration): 'voter' | 'learner' {
  return isVoter(configuration, id) ? 'voter' : 'learner'
}

function progressOf(id: BrokerId, leader: BrokerId, status: GroupReport['status']): MemberProgress {
  const { lastIndex } = status
  if (id === leader) {
    const own = {
      matchIndex: status.durableIndex,
      nextIndex: lastIndex + 1,
      lag: 0,
      state: 'leader',
      inFlight: 0,
    } as const
    return { broker: id, role: 'leader', ...own, active: true, caughtUp: true, copy: null }
  }
  const follower = status.followers.find((row) => row.id === id)
  const matchIndex = follower?.matchIndex ?? 0
  return {
    broker: id,
    role: roleOf(id, status.configuration),
    matchIndex,
    nextIndex: follower?.nextIndex ?? 0,
    lag: lastIndex - matchIndex,
    state: follower?.state ?? 'probe',
    inFlight: follower?.inflight ?? 0,
    active: follower?.active ?? false,
    caughtUp: follower?.state === 'replicate' && matchIndex >= status.commitIndex,
    copy: null,
  }
}

/** Adds to the members' progress their own report of a copy that they are receiving. */
export function withCopies(page: MembersDescription, replicas: readonly GroupReport[]): MembersDescription {
  const members = page.members.map((member) => {
    const installing = replicas.find(({ broker }) => broker === member.broker)?.status.installing
    if (installing == null) return member
    const { receivedBytes, totalBytes } = installing
    return { ...member, copy: { receivedBytes, totalBytes } }
  })
  return { ...page, members }
}

export function snapshotOf({
  status: { snapshot },
}: {
  status: Pick<GroupStatus, 'snapshot'>
}): GroupDescription['lastSnapshot'] {
  return snapshot === null ? null : { index: snapshot.index, at: snapshot.at, bytes: snapshot.bytes }
}

export function groupPage(
  led: GroupReport,
  replicas: readonly GroupReport[],
  partition: TopicPartition | null,
  readOnly: boolean,
): GroupDescription {
  const { status } = led
  return {
    ...withCopies(membersPage(led, partition), replicas),
    group: status.group,
    asleep: status.asleep,
    commitIndex: status.commitIndex,
    lastIndex: status.lastIndex,
    durableIndex: status.durableIndex,
    prevIndex: status.prevIndex,
    logStart: status.logStart,
    highWatermark: status.highWatermark,
    sizeBytes: status.sizeBytes,
    readOnly,
    transferringTo: status.transferringTo ?? 0,
    lastSnapshot: snapshotOf(led),
    // After a start the headers of older entries are on the disk only: their kind is not known here, and not guessed.
    tail: led.tail.filter(({ state, kind }) => state !== 'purged' && kind !== null).map(describeEntry),
    replicas: replicas.map(describeReplica),
  }
}

function describeEntry({ index, term, kind, state, batch }: GroupReport['tail'][number]): EntryDescription {
  return {
    index,
    term: term ?? 0,
    kind: NAMES[kind ?? EntryKind.Records] ?? 'records',
    // No bytes: the broker would have to read its log to know.
    ...(batch ?? { baseOffset: 0, lastOffset: 0, bytes: 0 }),
    state: state === 'purged' ? 'applied' : state,
  }
}

function describeReplica({ broker, status }: GroupReport): ReplicaDescription {
  const { term, leader, commitIndex, lastIndex, durableIndex, prevIndex, logStart, highWatermark, sizeBytes } = status
  const { learners } = status.configuration
  const learner = status.role === 'follower' && learners.includes(broker) && !isVoter(status.configuration, broker)
  return {
    broker,
    role: status.trouble !== null ? 'stopped' : learner ? 'learner' : status.role,
    term,
    leader,
    commitIndex,
    lastIndex,
    durableIndex,
    prevIndex,
    logStart,
    highWatermark,
    sizeBytes,
    asleep: status.asleep,
    trouble: status.trouble,
  }
}
