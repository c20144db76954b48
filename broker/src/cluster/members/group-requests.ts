import type { BrokerId, GroupId, LogIndex, Offset, Term } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { Group, GroupStatus, Groups, Snapshot, SnapshotPlace } from '../../partition/group.ts'
import type { EntryStatus } from '../../raft/log/entry-states.ts'
import type { MemberTarget } from '../../raft/members/member-target.ts'
import { DELETIONS, levelRefusal } from '../metadata/feature-levels.ts'
import { preferredReplica, sameMembers, wantedMembers } from '../metadata/partition-replicas.ts'
import { LeadershipRequests, type LeadershipRequestsDeps, type ReturnOutcome } from './leadership-requests.ts'

const TAIL_ENTRIES = 20

/** A broker's report of its replica of a group. */
export interface GroupReport {
  readonly broker: BrokerId
  readonly status: GroupStatus
  /** Term of the last entry. */
  readonly lastTerm: Term
  readonly tail: readonly EntryStatus[]
}

/** The progress of a change of members. `failed` is final: the members are the same as before. */
export interface ChangeProgress {
  readonly state: 'done' | 'failed' | 'running'
  readonly reason: string
}

interface Attempt {
  readonly change: LogIndex
  failure: string | null
}

export interface GroupRequestAnswererDeps extends LeadershipRequestsDeps {
  readonly brokerId: BrokerId
  readonly groups: Groups
  /** Asks for these voters of the metadata group, with all other brokers as learners. */
  readonly changeMetadata: (voters: readonly BrokerId[]) => Promise<void>
}

/**
 * Answers for this broker's own replicas, to this broker and to others. A request that only a leader can carry out is
 * refused with NOT_LEADER.
 */
export class GroupRequestAnswerer {
  readonly #deps: GroupRequestAnswererDeps
  /** The last attempt at a change in each group, while this broker leads it. */
  readonly #attempts = new Map<GroupId, Attempt>()

  readonly #leaders: LeadershipRequests

  constructor(deps: GroupRequestAnswererDeps) {
    this.#deps = deps
    this.#leaders = new LeadershipRequests(deps)
  }

  report(group: GroupId, withTail: boolean): GroupReport {
    const open = this.#open(group)
    const status = open.status()
    const from = Math.max(1, status.lastIndex - TAIL_ENTRIES + 1)
    const tail = open.entryStates(withTail ? from : status.lastIndex, TAIL_ENTRIES)
    const lastTerm = tail.at(-1)?.term ?? status.snapshot?.term ?? 0
    return { broker: this.#deps.brokerId, status, lastTerm, tail: withTail ? tail : [] }
  }

  /**
   * Changes a partition that this broker leads to the members that the metadata wants, step by step: to be called until
   * it says done or failed. Only for the change that this broker knows from the metadata too: a controller that was
   * deposed without knowing may ask for an older one.
   * @throws TailraceError NOT_LEADER
   */
  drive(group: GroupId, change: LogIndex): ChangeProgress {
    const led = this.#led(group)
    const partition = this.#deps.state.partitionOf(group)
    if (partition?.change?.index !== change) return running('The leader does not know of it yet.')
    const { stage } = led.status().change
    if (stage !== 'stable') {
      if (partition.change.kind === 'cancel' && stage === 'staging') led.cancelChange()
      return running(stage)
    }
    const { voters, admissions } = wantedMembers(partition)
    if (isConfiguration(led, partition.change.replicas, partition.change.admissions)) {
      return { state: 'done', reason: partition.change.kind === 'cancel' ? 'It was too late to cancel it.' : '' }
    }
    if (partition.change.kind === 'force') return running('The new leader has not taken over yet.')
    if (partition.change.kind === 'cancel' && isConfiguration(led, voters, admissions)) {
      return { state: 'failed', reason: 'It was cancelled.' }
    }
    const attempt = this.#attempts.get(group)
    const failure = attempt?.change === change ? attempt.failure : null
    if (failure !== null) {
      const { replicas, admissions: present = {} } = partition
      if (isConfiguration(led, replicas, present)) return { state: 'failed', reason: failure }
      // An earlier leader has left newcomers of this change behind, and the failed attempt took them for members that
      // had been there before.
      this.#attempt(led, change, { voters: replicas, learners: [], admissions: present }, failure)
      return running('leaving')
    }
    this.#attempt(led, change, { voters, learners: [], admissions })
    return running('staging')
  }

  /** The metadata group gets these voters, and all other brokers as learners. */
  async changeMetadataVoters(voters: readonly BrokerId[]): Promise<void> {
    this.#led(METADATA_GROUP)
    await this.#deps.changeMetadata(voters)
  }

  /** @throws TailraceError CHANGE_FAILED: it is too late, or there is no change */
  cancelChange(group: GroupId): void {
    if (!this.#led(group).cancelChange()) throw new TailraceError('CHANGE_FAILED', 'There is no change to cancel.')
  }

  /** `to` 0: to the preferred replica. Resolves to the broker that leads then. */
  async transferLeadership(group: GroupId, to: BrokerId): Promise<BrokerId> {
    const led = this.#led(group)
    const partition = this.#deps.state.partitionOf(group)
    const preferred = partition === undefined ? led.configuration.voters[0]! : preferredReplica(partition)
    const target = to === 0 ? preferred : to
    return target === this.#deps.brokerId ? target : led.transferLeadership(target)
  }

  /**
   * Of a partition; resolves with where it begins then.
   * @throws TailraceError NOT_LEADER, FEATURE_LEVEL_TOO_LOW, NOT_READY, OFFSET_OUT_OF_RANGE, OUTCOME_UNKNOWN
   */
  async deleteRecords(group: GroupId, before: Offset): Promise<Offset> {
    const led = this.#led(group)
    // The level never falls: if it is high enough here, every broker can read the entry.
    const refusal = levelRefusal('Deletions of records', DELETIONS, this.#deps.state.head)
    if (refusal !== null) throw refusal
    return led.deleteRecords(before)
  }

  /** @throws TailraceError TRANSFER_FAILED: as the leader this replica could serve worse than another */
  mayLead(group: GroupId): void {
    this.#leaders.mayLead(group)
  }

  /** As `transferLeadership`, to the preferred replica, unless an operator has put the leadership where it is. */
  async returnLeadership(group: GroupId, to: BrokerId): Promise<ReturnOutcome> {
    return this.#leaders.giveBack(this.#led(group), to)
  }

  /** An operator has put this leadership here. */
  keepLeadership(group: GroupId): void {
    this.#leaders.keep(this.#led(group))
  }

  /** @throws TailraceError INVALID_MEMBERS: the broker that asks was wrong about which brokers have replicas */
  async takeSnapshot(group: GroupId): Promise<Snapshot> {
    const open = this.#deps.groups.get(group)
    if (open !== undefined) return open.takeSnapshot()
    throw new TailraceError('INVALID_MEMBERS', `Broker ${this.#deps.brokerId} has no replica of it to take one of.`)
  }

  offerSnapshot(group: GroupId, source: BrokerId, place: SnapshotPlace): void {
    this.#led(group).offerSnapshot(source, place)
  }

  /** The group's leadership has changed: earlier attempts here do not count any more. */
  leadershipChanged(group: GroupId): void {
    this.#attempts.delete(group)
    this.#leaders.forget(group)
  }

  /** `failure`: the error of the attempt before; this undoes that attempt. */
  #attempt(led: Group, change: LogIndex, target: MemberTarget, failure: string | null = null): void {
    const attempt: Attempt = { change, failure }
    this.#attempts.set(led.id, attempt)
    led.changeMembers(target).then(
      () => {
        if (failure === null) this.#attempts.delete(led.id)
      },
      (error) => {
        const { code, message } = TailraceError.from(error)
        // Any other error is temporary: the next call tries again.
        if (code === 'CHANGE_FAILED' || code === 'INVALID_MEMBERS') attempt.failure = message
        else if (this.#attempts.get(led.id) === attempt) this.#attempts.delete(led.id)
      },
    )
  }

  /** @throws TailraceError NOT_LEADER */
  #led(group: GroupId): Group {
    const open = this.#deps.groups.get(group)
    if (open === undefined || !open.isLeader) throw new TailraceError('NOT_LEADER')
    return open
  }

  /**
   * @throws TailraceError NOT_LEADER: a broker that asks here takes this one for the leader, and looks for the leader
   * again
   */
  #open(group: GroupId): Group {
    const open = this.#deps.groups.get(group)
    if (open === undefined) throw new TailraceError('NOT_LEADER', `Broker ${this.#deps.brokerId} has no replica of it.`)
    return open
  }
}

/** Whether these and no others are the members, settled. */
export function isConfiguration(
  group: Group,
  voters: readonly BrokerId[],
  admissions: Readonly<Record<number, number>>,
  learners: readonly BrokerId[] = [],
): boolean {
  const now = group.configuration
  return (
    now.outgoing.length === 0 &&
    sameMembers(now.voters, voters) &&
    sameMembers(now.learners, learners) &&
    [...voters, ...learners].every((id) => (now.admissions?.[id] ?? 0) === (admissions[id] ?? 0))
  )
}

function running(reason: string): ChangeProgress {
  return { state: 'running', reason }
}
