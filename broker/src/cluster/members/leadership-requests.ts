import type { BrokerId, GroupId, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Group, Groups } from '../../partition/group.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { preferredReplica } from '../metadata/partition-replicas.ts'

/** The result of returning a leadership. `kept`: an operator has put it where it is. */
export interface ReturnOutcome {
  readonly outcome: 'returned' | 'kept'
}

export interface LeadershipRequestsDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  /** False: publishing to partitions that this broker leads is refused, for lack of disk space. */
  readonly storage: { readonly writable: boolean }
}

/** Which of this broker's replicas may lead, and which of its leaderships it gives back by itself. */
export class LeadershipRequests {
  readonly #deps: LeadershipRequestsDeps
  /** Leaderships that an operator has given to this broker, by term: they stay until they end by themselves. */
  readonly #kept = new Map<GroupId, Term>()

  constructor(deps: LeadershipRequestsDeps) {
    this.#deps = deps
  }

  /** @throws TailraceError TRANSFER_FAILED: as the leader this replica could serve worse than another */
  mayLead(group: GroupId): void {
    const replica = this.#deps.groups.get(group)
    const trouble = replica === undefined ? 'it is not open' : (replica.unfit ?? replica.status().trouble)
    if (trouble != null) throw new TailraceError('TRANSFER_FAILED', `The replica is not fit to lead: ${trouble}.`)
    if (!this.#deps.storage.writable) throw new TailraceError('TRANSFER_FAILED', 'The disk of that broker is full.')
  }

  keep(led: Group): void {
    this.#kept.set(led.id, led.term)
  }

  /** The group's leadership has changed, or the group is gone. */
  forget(group: GroupId): void {
    const replica = this.#deps.groups.get(group)
    if (replica === undefined || !replica.isLeader) this.#kept.delete(group)
  }

  /** @throws TailraceError TRANSFER_FAILED, MEMBERS_CHANGING, INVALID_MEMBERS: nothing has changed */
  async giveBack(led: Group, to: BrokerId): Promise<ReturnOutcome> {
    if (this.#kept.get(led.id) === led.term) return { outcome: 'kept' }
    const partition = this.#deps.state.partitionOf(led.id)
    // The metadata leader that asks may have been deposed without knowing.
    if (partition === undefined || preferredReplica(partition) !== to) {
      throw new TailraceError('INVALID_MEMBERS', `Broker ${to} is not the preferred replica here.`)
    }
    if (partition.change !== undefined) throw new TailraceError('MEMBERS_CHANGING')
    // While a replica that is far behind catches up for the transfer, no client could publish.
    if (!led.status().inSync.includes(to)) throw new TailraceError('TRANSFER_FAILED', `Broker ${to} is not in sync.`)
    await led.transferLeadership(to)
    return { outcome: 'returned' }
  }
}
