import { type BrokerId, NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { GroupLog } from '../../log/log-storage.ts'
import type { RaftCore } from '../../raft/core.ts'
import { isAlone } from '../../raft/members/quorum.ts'

/** The answer to a request for the leader, when `leader` leads, as far as the replica knows. */
export function notLeader(leader: BrokerId): TailraceError {
  return leader === NO_BROKER
    ? new TailraceError('LEADER_UNAVAILABLE')
    : new TailraceError('NOT_LEADER', `Broker ${leader} leads it.`)
}

/** As {@link notLeader}; a replica that has no other to repair it says why no replica can lead. */
export function notLeading(core: RaftCore, log: GroupLog, leader: BrokerId): TailraceError {
  const { damage } = log
  if (damage === null || !isAlone(core.configuration, core.id)) return notLeader(leader)
  return new TailraceError(
    'STORAGE_CORRUPT',
    `The only replica cannot read its entries from ${damage.fromIndex} on: ${damage.reason}. "tailrace partition force-members" continues without them.`,
  )
}
