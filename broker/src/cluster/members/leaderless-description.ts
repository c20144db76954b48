import { NO_BROKER } from '@tailrace/schemas'
import type { GroupDescription, MemberProgress } from '../../api/admin-api.ts'
import type { TopicPartition } from '../metadata/partition-replicas.ts'
import { isNewer } from './forced-members-survey.ts'
import { groupPage, roleOf } from './group-descriptions.ts'
import type { GroupReport } from './group-requests.ts'

/**
 * A group without a leader, as seen by the replica that would win an election among those that answer (the newest last
 * entry, M13). An operator who has to decide whether to force members needs to know which entries each has. `replicas`:
 * one at least.
 */
export function describeLeaderless(
  replicas: readonly GroupReport[],
  partition: TopicPartition | null,
  readOnly: boolean,
): GroupDescription {
  const newest = replicas.reduce((best, next) => (isNewer(next, best) ? next : best))
  const page = groupPage(newest, replicas, partition, readOnly)
  const members = page.members.map((member) => {
    const report = replicas.find(({ broker }) => broker === member.broker)
    return { ...withoutLeader(member, report, newest.status.lastIndex), role: roleOf(member.broker, page) }
  })
  return { ...page, leader: NO_BROKER, members }
}

/** A leader's view of a follower, taken from the follower's own report. */
function withoutLeader(member: MemberProgress, report: GroupReport | undefined, lastIndex: number): MemberProgress {
  const matchIndex = report?.status.durableIndex ?? 0
  return {
    ...member,
    matchIndex,
    nextIndex: matchIndex + 1,
    lag: Math.max(0, lastIndex - matchIndex),
    state: 'probe',
    inFlight: 0,
    active: report !== undefined,
    caughtUp: false,
  }
}
