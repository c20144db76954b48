import type { BrokerId, GroupId } from '@tailrace/schemas'
import { METADATA_GROUP } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import { members } from '../../raft/members/quorum.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { placeOf } from '../metadata/partition-replicas.ts'
import type { Formation } from './formation.ts'

export interface PeerPermissionsDeps {
  readonly formation: Pick<Formation, 'trusts' | 'isMember'>
  readonly state: Pick<MetadataState, 'partitionOf' | 'head'>
  readonly groups: Pick<Groups, 'get'>
  /** This broker knows all that was decided before its start. */
  readonly caughtUp: () => boolean
}

/**
 * Whose messages count in which group. A broker that has no replica of a group neither votes nor appends in it, gets no
 * copy of it, and is no candidate for its leadership. The metadata says which brokers have a replica before the group
 * itself acts on it; a broker that has just started may not know that yet, and takes messages of all brokers of its
 * cluster until it has caught up.
 */
export class PeerPermissions {
  readonly #deps: PeerPermissionsDeps

  constructor(deps: PeerPermissionsDeps) {
    this.#deps = deps
  }

  /** Whether a broker of the cluster may lead the metadata group. */
  mayControl(broker: BrokerId): boolean {
    const { groups, caughtUp } = this.#deps
    const open = groups.get(METADATA_GROUP)
    if (open === undefined || !caughtUp()) return true
    const { voters, outgoing } = open.configuration
    return voters.includes(broker) || outgoing.includes(broker)
  }

  /** Whether the group takes Raft messages of this broker. */
  accepts(from: BrokerId, group: GroupId): boolean {
    return this.#deps.formation.trusts(from) && this.mayHold(from, group)
  }

  /**
   * Whether a broker of the cluster may have a replica of the group. True of groups that the metadata does not know
   * yet.
   */
  mayHold(broker: BrokerId, group: GroupId): boolean {
    const { formation, state, groups, caughtUp } = this.#deps
    if (group === METADATA_GROUP) return formation.isMember(broker)
    const partition = state.partitionOf(group)
    if (partition === undefined) return group >= state.head.nextGroup
    // A replica that was left behind when members were forced (M83) may have a higher term, and its log is not the
    // group's.
    if (partition.outcasts?.includes(broker)) return false
    if (placeOf(partition, broker) !== null || !caughtUp()) return true
    const open = groups.get(group)
    return open !== undefined && members(open.configuration).includes(broker)
  }
}
