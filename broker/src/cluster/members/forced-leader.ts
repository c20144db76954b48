import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { isConfiguration } from './group-requests.ts'

const RETRY_MS = 1000

export interface ForcedLeaderDeps {
  readonly brokerId: BrokerId
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Carries out what the metadata says about forced members (M83): the one broker that a command names makes its replica
 * the leader of the new set. No other broker does, and this one does so until its log contains it, so that a crash in
 * between changes nothing.
 */
export class ForcedLeader {
  readonly #deps: ForcedLeaderDeps
  readonly #busy = new Set<GroupId>()
  #closed = false

  constructor(deps: ForcedLeaderDeps) {
    this.#deps = deps
  }

  /** The partition's wanted replicas may be forced ones. */
  look(group: GroupId): void {
    if (this.#closed || this.#busy.has(group) || !this.#isMine(group)) return
    this.#busy.add(group)
    void this.#carryOut(group)
  }

  lookAtAll(): void {
    for (const group of this.#deps.state.changing) this.look(group)
  }

  close(): void {
    this.#closed = true
  }

  #isMine(group: GroupId): boolean {
    const change = this.#deps.state.partitionOf(group)?.change
    return change?.kind === 'force' && change.leader === this.#deps.brokerId
  }

  async #carryOut(group: GroupId): Promise<void> {
    const { groups, state, clock, logger } = this.#deps
    try {
      const replica = groups.get(group)
      const { replicas, admissions, aboveTerm } = state.partitionOf(group)!.change!
      if (replica !== undefined && !isConfiguration(replica, replicas, admissions)) {
        logger.warn({ group, members: replicas }, 'members are forced: acknowledged records may be lost')
        await replica.forceMembers(replicas, aboveTerm)
      }
    } catch (error) {
      logger.error({ group, err: error }, 'cannot force the members yet; trying again')
    }
    this.#busy.delete(group)
    if (!this.#closed) clock.after(RETRY_MS, () => this.look(group))
  }
}
