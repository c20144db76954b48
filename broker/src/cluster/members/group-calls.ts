import type { BrokerId, ErrorCode, GroupId } from '@tailrace/schemas'
import { NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Peers } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import { pause } from '../../platform/timing/pause.ts'
import type { LeaderDirectory } from '../routing/leader-directory.ts'
import type { GroupRequest, GroupRequestAnswerer } from './group-requests.ts'
import { GROUP_OPERATION } from './group-requests.ts'

const PAUSE_MS = 50
/** The request has not been carried out, or may be carried out twice without harm. */
const repeatable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_LEADER',
  'LEADER_UNAVAILABLE',
  'CONNECTION_LOST',
  'SHUTTING_DOWN',
])

export interface GroupCallsDeps {
  readonly brokerId: BrokerId
  readonly groupRequests: GroupRequestAnswerer
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
}

/** Brings a request about a group to the broker that can answer it. */
export class GroupCalls {
  readonly #deps: GroupCallsDeps

  constructor(deps: GroupCallsDeps) {
    this.#deps = deps
  }

  /**
   * A broker that says that it does not lead the group is believed: a replica here that was removed, and has not heard of it, may take it for the leader.
   * @throws TailraceError what the broker answered; CONNECTION_LOST; TIMED_OUT
   */
  async at<T>(broker: BrokerId, request: GroupRequest, timeoutMs: number): Promise<T> {
    const { brokerId, groupRequests, peers, clock } = this.#deps
    if (broker === brokerId) {
      return (await withDeadline(clock, timeoutMs, groupRequests.answer(request), () => {
        throw new TailraceError('TIMED_OUT')
      })) as T
    }
    const fields = { operation: GROUP_OPERATION, json: JSON.stringify(request) }
    try {
      const reply = await peers.request(broker, 'Admin', fields, [], timeoutMs)
      return JSON.parse(reply.fields.json) as T
    } catch (error) {
      if (TailraceError.from(error).code === 'NOT_LEADER') this.#denied(request.group, broker)
      throw error
    }
  }

  /**
   * Finds the leader, however often that changes.
   * @throws TailraceError LEADER_UNAVAILABLE after `timeoutMs`; what the leader answered
   */
  async atLeader<T>(request: GroupRequest, timeoutMs: number): Promise<T> {
    const { directory, clock } = this.#deps
    const { group } = request
    const end = clock.monotonic() + timeoutMs
    for (;;) {
      const leadership = await directory.leaderOf(group, Math.max(0, end - clock.monotonic()))
      try {
        return await this.at<T>(leadership.leader, request, Math.max(1, end - clock.monotonic()))
      } catch (error) {
        const { code } = TailraceError.from(error)
        if (!repeatable.has(code) || clock.monotonic() >= end) throw error
        await pause(clock, PAUSE_MS)
      }
    }
  }

  #denied(group: GroupId, broker: BrokerId): void {
    const { directory } = this.#deps
    const known = directory.lookup(group)
    if (known.leader === broker) directory.deny(group, known)
  }

  leaderOf(group: GroupId): BrokerId {
    return this.#deps.directory.lookup(group).leader
  }

  /** @throws TailraceError LEADER_UNAVAILABLE */
  requireLeader(group: GroupId): BrokerId {
    const leader = this.leaderOf(group)
    if (leader === NO_BROKER) throw new TailraceError('LEADER_UNAVAILABLE')
    return leader
  }
}
