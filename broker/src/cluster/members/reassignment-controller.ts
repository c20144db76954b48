import type { GroupId, LogIndex } from '@tailrace/schemas'
import { METADATA_GROUP, NO_BROKER } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { MetadataClient } from '../routing/metadata-client.ts'
import type { GroupCalls } from './group-calls.ts'

const ROUND_MS = 250
const CALL_MS = 3000
const COMMAND_MS = 5000
/** Partitions whose members are changed at one time; the others wait for their turn. */
const MAX_BUSY = 32

export interface ControllerDeps {
  readonly groups: Pick<Groups, 'get'>
  readonly state: MetadataState
  readonly calls: GroupCalls
  readonly client: MetadataClient
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Brings partitions to the replicas that the metadata wants. It runs where the metadata group is led and keeps no
 * state: each round looks at the replicas that are wanted, asks each partition's leader for its progress (which makes
 * the leader take the next step), and records final outcomes. So it may be cut off anywhere, run twice, or go on
 * elsewhere: the request is in the log, the members are in the partition's own log, and the outcome is recorded once,
 * by the number of the change.
 *
 * In order: the request is recorded; newcomers see it and open empty replicas; the partition's leader makes them
 * members (learners first, M59); the outcome is recorded; a broker that is no replica any more sees it and deletes its
 * own, once the leader confirms that it is not a member.
 */
export class ReassignmentController {
  readonly #deps: ControllerDeps
  readonly #busy = new Set<GroupId>()
  #timer: TimerHandle | null = null
  #closed = false

  constructor(deps: ControllerDeps) {
    this.#deps = deps
  }

  /** There may be work: a change was asked for, or this broker leads the metadata group now. */
  wake(): void {
    if (this.#closed || this.#timer !== null || !this.#hasWork()) return
    this.#timer = this.#deps.clock.after(0, () => this.#round())
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #hasWork(): boolean {
    const { groups, state } = this.#deps
    return state.changing.size > 0 && groups.get(METADATA_GROUP)?.isLeader === true
  }

  #round(): void {
    this.#timer = null
    if (!this.#hasWork()) return
    const waiting: GroupId[] = []
    for (const group of this.#deps.state.changing) {
      if (waiting.length + this.#busy.size >= MAX_BUSY) break
      if (!this.#busy.has(group)) waiting.push(group)
    }
    for (const group of waiting) void this.#step(group)
    this.#timer = this.#deps.clock.after(ROUND_MS, () => this.#round())
  }

  async #step(group: GroupId): Promise<void> {
    const { state, calls, logger } = this.#deps
    const change = state.partitionOf(group)?.change?.index
    const leader = calls.leaderOf(group)
    if (change === undefined || leader === NO_BROKER) return this.#toTheEnd(group)
    this.#busy.add(group)
    try {
      const { state, reason } = await calls.at(leader, 'DriveChange', { group, change }, CALL_MS)
      if (state === 'done' || state === 'failed') await this.#record(group, change, state, reason)
      else this.#toTheEnd(group)
    } catch (error) {
      // Leaders change and links break: the next round asks again.
      logger.warn({ group, change, err: error }, 'cannot drive a change of replicas; trying again')
    } finally {
      this.#busy.delete(group)
    }
  }

  async #record(group: GroupId, change: LogIndex, outcome: 'done' | 'failed', reason: string): Promise<void> {
    this.#deps.logger.info({ group, change, outcome, reason }, 'a change of replicas has ended')
    await this.#deps.client.submit({ type: 'replicas-changed', group, change, outcome, reason }, COMMAND_MS)
  }

  /** Those that wait for others do not keep the rest waiting. */
  #toTheEnd(group: GroupId): void {
    const { changing } = this.#deps.state
    if (changing.delete(group)) changing.add(group)
  }
}
