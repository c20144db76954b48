import type { BrokerId, LogIndex } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { Group, Groups } from '../../partition/group.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { isConfiguration } from './group-requests.ts'

const RETRY_MS = 2000

export interface ClusterMembersDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  /** All brokers of the cluster. */
  readonly brokers: () => readonly BrokerId[]
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Keeps the members of the metadata group, where that is led: its voters are those that an operator chose, and every
 * other broker of the cluster follows it as a learner. Brokers that were removed are no members any more.
 */
export class ClusterMembers {
  readonly #deps: ClusterMembersDeps
  #timer: TimerHandle | null = null
  #running = false
  #closed = false

  constructor(deps: ClusterMembersDeps) {
    this.#deps = deps
  }

  /** The brokers of the cluster, or the leadership of the metadata group, may have changed. */
  wake(): void {
    if (this.#closed || this.#running || this.#timer !== null) return
    const led = this.#led()
    if (led === null || this.#settled(led)) return
    this.#timer = this.#deps.clock.after(0, () => void this.#round())
  }

  /**
   * Resolves when these are the voters. Leader only.
   * @throws TailraceError UNKNOWN_BROKER, and the errors of Group.changeMembers
   */
  async change(voters: readonly BrokerId[]): Promise<void> {
    const led = this.#led()
    if (led === null) throw new TailraceError('NOT_LEADER')
    const brokers = this.#deps.brokers()
    const stranger = voters.find((id) => !brokers.includes(id))
    if (stranger !== undefined) throw new TailraceError('UNKNOWN_BROKER', `Broker ${stranger}.`)
    await led.changeMembers(this.#targetOf(voters))
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  async #round(): Promise<void> {
    this.#timer = null
    const led = this.#led()
    if (this.#closed || led === null || this.#settled(led)) return
    this.#running = true
    try {
      if (led.status().change.stage === 'stable') await led.changeMembers(this.#targetOf(this.#present(led)))
    } catch (error) {
      const { code } = TailraceError.from(error)
      if (code !== 'MEMBERS_CHANGING' && code !== 'LEADER_UNAVAILABLE') {
        this.#deps.logger.warn({ err: error }, 'cannot bring the metadata group to all brokers; trying again')
      }
    }
    this.#running = false
    if (!this.#closed) this.#timer = this.#deps.clock.after(RETRY_MS, () => void this.#round())
  }

  #led(): Group | null {
    const group = this.#deps.groups.get(METADATA_GROUP)
    return group?.isLeader ? group : null
  }

  #settled(led: Group): boolean {
    const { voters, learners, admissions } = this.#targetOf(this.#present(led))
    return isConfiguration(led, voters, admissions, learners)
  }

  /** The voters as they are, without those that are no brokers of this cluster any more. */
  #present(led: Group): BrokerId[] {
    return led.configuration.voters.filter((id) => !this.#deps.state.removed.has(id))
  }

  #targetOf(voters: readonly BrokerId[]) {
    const { brokers, state } = this.#deps
    const learners = brokers().filter((id) => !voters.includes(id))
    const admissions: Record<number, LogIndex> = {}
    for (const id of [...voters, ...learners]) {
      const joined = state.joined.get(id)
      if (joined !== undefined) admissions[id] = joined.admission
    }
    return { voters, learners, admissions }
  }
}
