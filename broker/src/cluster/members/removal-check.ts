import type { BrokerId, GroupId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { GroupCalls } from './group-calls.ts'

const ASK_MS = 2000

export interface RemovalCheckDeps {
  readonly brokerId: BrokerId
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  readonly calls: GroupCalls
}

/**
 * Whether this broker's replica of a group may be deleted, which the metadata no longer counts among the group's. The
 * metadata alone is not enough: a controller that was deposed without knowing it may have made the replica a member
 * again, and one that votes and forgets would lose what it has acknowledged. Once its leader does not name this
 * replica, no broker can bring it back: it would have to be admitted under a new number.
 * @throws TailraceError MEMBERS_CHANGING while the leader names it; LEADER_UNAVAILABLE
 */
export async function confirmGone({ brokerId, groups, state, calls }: RemovalCheckDeps, group: GroupId): Promise<void> {
  // A replica that was left behind by force is outdated in any case.
  if (state.partitionOf(group)?.outcasts?.includes(brokerId)) return
  const own = groups.get(group)
  if (own !== undefined && own.status().lastIndex === 0 && own.configuration.voters.length === 0) return
  const { status } = await calls.leaderReport(group, false, ASK_MS)
  const names = ({ voters, learners, outgoing = [], admissions = {} }: Named): boolean =>
    [...voters, ...outgoing, ...learners].includes(brokerId) &&
    (own === undefined || (admissions[brokerId] ?? 0) === own.admission)
  const { configuration, configurationIndex, commitIndex, change } = status
  if (names(configuration) || (change.target !== null && names(change.target)) || configurationIndex > commitIndex) {
    throw new TailraceError('MEMBERS_CHANGING', 'The replica is still a member.')
  }
}

interface Named {
  readonly voters: readonly BrokerId[]
  readonly learners: readonly BrokerId[]
  readonly outgoing?: readonly BrokerId[]
  readonly admissions?: Readonly<Record<number, number>>
}
