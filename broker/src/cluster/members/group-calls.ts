import type { BrokerId, ErrorCode, GroupId } from '@tailrace/schemas'
import { METADATA_GROUP, NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type { Peers, ReplyFields, RequestFields } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import { pause } from '../../platform/timing/pause.ts'
import { askedBy } from '../../security/identity/asker-fields.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import type { LeaderDirectory } from '../routing/leader-directory.ts'
import { groupReportOf } from './group-report-fields.ts'
import type { GroupReport } from './group-requests.ts'

const PAUSE_MS = 50
/** The request has not been carried out, or may be carried out twice without harm. */
const repeatable: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_LEADER',
  'LEADER_UNAVAILABLE',
  'CONNECTION_LOST',
  'SHUTTING_DOWN',
])

/** Requests of a broker to another about a replica of a group; one that names no group is about the metadata group. */
export type GroupCallName =
  | 'GroupReport'
  | 'DriveChange'
  | 'ChangeMetadataVoters'
  | 'CancelChange'
  | 'TransferLeadership'
  | 'DeleteRecords'
  | 'MayLead'
  | 'ReturnLeadership'
  | 'KeepLeadership'
  | 'TakeSnapshot'
  | 'OfferSnapshot'

export interface GroupCallsDeps {
  readonly brokerId: BrokerId
  /** Answers for this broker as it does for others. */
  readonly here: <Name extends GroupCallName>(name: Name, fields: RequestFields<Name>) => Promise<ReplyFields<Name>>
  readonly directory: LeaderDirectory
  readonly peers: Pick<Peers, 'request'>
  readonly clock: Clock
  readonly state: MetadataState
}

/** Brings a request about a group to the broker that can answer it. */
export class GroupCalls {
  readonly #deps: GroupCallsDeps

  constructor(deps: GroupCallsDeps) {
    this.#deps = deps
  }

  /**
   * A broker that says that it does not lead the group is believed: a replica here that was removed, and does not know
   * that, may take it for the leader.
   * @throws TailraceError the error that the broker answered; CONNECTION_LOST; TIMED_OUT
   */
  async at<Name extends GroupCallName>(
    broker: BrokerId,
    name: Name,
    fields: RequestFields<Name>,
    timeoutMs: number,
  ): Promise<ReplyFields<Name>> {
    const { brokerId, here, peers, clock } = this.#deps
    if (broker === brokerId) {
      return withDeadline(clock, timeoutMs, here(name, fields), () => {
        throw new TailraceError('TIMED_OUT')
      })
    }
    try {
      return (await peers.request(broker, name, fields, [], timeoutMs)).fields as ReplyFields<Name>
    } catch (error) {
      if (TailraceError.from(error).code === 'NOT_LEADER') this.#denied(groupOf(fields), broker)
      throw error
    }
  }

  /**
   * Finds the leader, however often that changes.
   * @throws TailraceError LEADER_UNAVAILABLE after `timeoutMs`; the error that the leader answered
   */
  async atLeader<Name extends GroupCallName>(
    name: Name,
    fields: RequestFields<Name>,
    timeoutMs: number,
  ): Promise<ReplyFields<Name>> {
    const { directory, clock } = this.#deps
    const end = clock.monotonic() + timeoutMs
    for (;;) {
      const leadership = await directory.leaderOf(groupOf(fields), Math.max(0, end - clock.monotonic()))
      try {
        return await this.at(leadership.leader, name, fields, Math.max(1, end - clock.monotonic()))
      } catch (error) {
        const { code } = TailraceError.from(error)
        if (!repeatable.has(code) || clock.monotonic() >= end) throw error
        await pause(clock, PAUSE_MS)
      }
    }
  }

  /** A broker's report of its replica. `asker`: the client that wants it; null: this broker itself. */
  async reportOf(
    broker: BrokerId,
    group: GroupId,
    timeoutMs: number,
    asker: Asker | null = null,
  ): Promise<GroupReport> {
    const asked = { group, tail: false, ...this.#askedBy(asker) }
    return groupReportOf(await this.at(broker, 'GroupReport', asked, timeoutMs))
  }

  /** The leader's report of its replica. */
  async leaderReport(
    group: GroupId,
    tail: boolean,
    timeoutMs: number,
    asker: Asker | null = null,
  ): Promise<GroupReport> {
    const asked = { group, tail, ...this.#askedBy(asker) }
    return groupReportOf(await this.atLeader('GroupReport', asked, timeoutMs))
  }

  #askedBy(asker: Asker | null): ReturnType<typeof askedBy> {
    return askedBy(asker, this.#deps.state.security.version)
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

function groupOf(fields: { readonly group?: GroupId }): GroupId {
  return fields.group ?? METADATA_GROUP
}
