import type { Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type {
  AlterConsumerGroup,
  ConsumerGroupBeat,
  ConsumerGroupBeatReply,
  ConsumerGroupCommit,
  ConsumerGroupDelay,
  ConsumerGroupPosition,
  ConsumerGroupResult,
} from '../../api/consumer-groups-api.ts'
import type { Group } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { ConsumerGroupCommand } from '../state/commands/consumer-group-command.ts'
import type { ConsumerGroup, ConsumerGroupMember } from '../state/consumer-group.ts'
import type { CommandOutcome } from '../state/consumer-group-changes.ts'
import type { ConsumerGroupsState } from '../state/consumer-groups-state.ts'
import { heartbeatMs, Sessions } from '../state/sessions.ts'
import { Assignments } from './assignments.ts'
import type { CoordinatorCounts } from './counts.ts'
import { declinesAnew } from './declined-partitions.ts'
import { Delays } from './delays.ts'
import { Expiry, type ExpiryDeps } from './expiry.ts'
import { HeardMembers } from './heard-members.ts'
import { dueIn, Leases } from './leases.ts'
import { isSameMember, memberOf } from './member-facts.ts'
import { Proposals } from './proposals.ts'
import { Takeovers } from './takeovers.ts'
import { hasPatterns, isRead, isSubscribed } from './target.ts'
import type { TopicsView } from './topics-view.ts'

const LEAVES = -1
const LEAVES_FOR_NOW = -2
const DISCONNECTED = -3
/** To one that is gone. */
const farewell: ConsumerGroupBeatReply = {
  kind: 'beaten',
  epoch: 0,
  heartbeatMs: 0,
  assignment: [],
  revoke: [],
  due: [],
  heedsDeclined: true,
}

export interface CoordinatorDeps extends Pick<ExpiryDeps, 'expirationMs' | 'deleted'> {
  readonly leader: Group
  readonly term: Term
  readonly state: ConsumerGroupsState
  readonly view: TopicsView
  /** Null: a broker asks for itself. */
  readonly mayRead: (asker: Asker | null, topic: string) => boolean
  readonly counts: CoordinatorCounts
  readonly clock: Clock
  readonly logger: Logger
}

export type CoordinatorChange = ConsumerGroupBeat | ConsumerGroupCommit | ConsumerGroupDelay | AlterConsumerGroup

/**
 * The coordinator of the groups of one partition, on the broker that leads it, in one term. What must outlast it goes
 * through the log; when members were heard, and what they were told, is known to it alone.
 */
export class Coordinator {
  readonly term: Term
  readonly members: HeardMembers
  readonly #deps: CoordinatorDeps
  readonly #proposals: Proposals
  readonly #assignments: Assignments
  readonly #leases = new Leases()
  readonly #sessions: Sessions
  readonly #delays = new Delays()
  readonly #takeovers = new Takeovers()
  readonly #expiry: Expiry
  /** The epoch up to which the members of a group that wait have been looked at. */
  readonly #epochs = new Map<string, number>()
  /** On the monotonic clock: this coordinator is known to have led up to then. */
  #confirmedUntil = Number.NEGATIVE_INFINITY
  #ended = false

  /** `leader.confirmed()` has resolved in this term: the state has all that was committed before. */
  constructor(deps: CoordinatorDeps) {
    const { leader, term, state, clock } = deps
    this.#deps = deps
    this.term = term
    this.#proposals = new Proposals({ leader, term, clock })
    this.members = new HeardMembers(clock)
    this.#assignments = new Assignments({
      ...deps,
      groups: state.groups,
      askerOf: (group, member) => this.members.of(group, member)?.asker,
      declinedBy: (group, member) => this.members.of(group, member)?.declined ?? [],
      propose: (command) => this.#change(command),
    })
    this.#expiry = new Expiry({
      ...deps,
      groups: state.groups,
      isRead: (group, topicId) => isRead(deps.view, group, topicId),
      propose: (command) => this.#change(command),
    })
    const now = clock.monotonic()
    this.#sessions = new Sessions(now)
    for (const group of state.groups.values()) {
      for (const { id, sessionMs } of group.members.values()) {
        this.#sessions.inherited({ group: group.id, member: id }, sessionMs, now)
      }
      this.#delays.look(group, clock.now())
      this.#assignments.inherited(group.id)
      if (group.assignedFor !== group.changedIn) this.#assignments.changed(group.id)
    }
  }

  /**
   * Resolves when it is committed, or for a beat when there is an answer.
   * @throws TailraceError NOT_LEADER, OUTCOME_UNKNOWN, OVERLOADED, and as ConsumerGroupsApi.ask
   */
  async carryOut(request: CoordinatorChange, asker: Asker | null): Promise<ConsumerGroupResult> {
    switch (request.kind) {
      case 'beat':
        return this.#beat(request, asker)
      case 'commit':
        return this.#commit(request)
      case 'delay':
        return this.#delay(request)
      case 'alter':
        if (request.remove) await this.#change({ type: 'remove', group: request.group, at: this.#deps.clock.now() })
        else await this.#reset(request.group, request.positions)
        return { kind: 'altered' }
    }
  }

  /** The state machine has applied an entry of this term. */
  applied(outcomes: readonly CommandOutcome[]): void {
    for (const id of new Set(this.#proposals.applied(outcomes))) this.#changed(id)
  }

  /** A topic is new or gone, or has more partitions; null: which topics these are is not known. */
  topicsChanged(name: string | null): void {
    for (const group of this.#deps.state.groups.values()) {
      if (group.members.size > 0 && (name === null || isSubscribed(group, name))) this.#assignments.changed(group.id)
    }
  }

  /** Members may read other topics now: those that match a pattern are assigned by that. */
  rightsChanged(): void {
    for (const group of this.#deps.state.groups.values()) if (hasPatterns(group)) this.#assignments.changed(group.id)
  }

  /** Looks at sessions, and at delayed records whose time has come. */
  tick(): void {
    const { clock, state } = this.#deps
    for (const { group, member } of this.#sessions.ranOut(clock.monotonic())) this.#takeOut(group, member)
    for (const id of this.#delays.dueAt(clock.now())) {
      const group = state.groups.get(id)
      if (group === undefined) this.#delays.forget(id)
      else {
        this.#delays.look(group, clock.now())
        this.#wakeMembers(group)
      }
    }
  }

  /** Looks at some of what has expired. */
  expire(): void {
    this.#expiry.look()
  }

  get groups(): ReadonlyMap<string, ConsumerGroup> {
    return this.#deps.state.groups
  }

  /** Whether `tick` has anything to look at. */
  get mustTick(): boolean {
    return this.#sessions.size > 0 || this.#delays.size > 0
  }

  end(error: TailraceError): void {
    if (this.#ended) return
    this.#ended = true
    this.#proposals.end(error)
    this.#assignments.end()
    this.members.close()
  }

  async #beat(beat: ConsumerGroupBeat, asker: Asker | null): Promise<ConsumerGroupBeatReply> {
    const { group: id, member, epoch } = beat
    if (epoch === LEAVES || epoch === LEAVES_FOR_NOW) return this.#leave(beat)
    const now = this.#deps.clock.monotonic()
    if (epoch === DISCONNECTED) {
      this.#sessions.disconnected({ group: id, member }, beat.via ?? '', now)
      return farewell
    }
    const known = this.#memberOf(id, member)
    const takesOver = known === undefined ? this.#takeovers.confirmed(beat) : undefined
    if (known === undefined && takesOver === undefined) {
      if (epoch !== 0) throw this.#gone(beat)
      const group = this.#groupWithInstance(beat)
      if (group !== undefined) {
        this.#takeovers.ask(beat, group.epoch)
        return { ...farewell, epoch: group.epoch, heartbeatMs: heartbeatMs(beat.sessionMs) }
      }
    }
    // A static member is there to survive a restart, so its leases wait for it for the session.
    const carried = (known ?? beat).instance === '' ? beat : null
    if (!this.#sessions.heard({ group: id, member }, beat.sessionMs, now, carried)) throw this.#gone(beat)
    try {
      const wished = memberOf(takesOver ?? beat, known, asker)
      if (known === undefined || !isSameMember(known, wished)) {
        await this.#change({ type: 'join', group: id, at: this.#deps.clock.now(), member: wished })
        if (takesOver !== undefined) this.#takeovers.done(takesOver)
      }
      const { declined = [] } = this.members.of(id, member) ?? {}
      this.members.heard(beat, asker)
      this.#assignments.heard(id)
      // A process that takes over an instance may take what the former one declined, of which this one may not know.
      if (takesOver !== undefined || declinesAnew(declined, beat)) this.#assignments.changed(id)
      // What the member has given up is freed behind its revocation.
      if (beat.declined?.length) await this.#assignments.settled(id)
      await this.#release(beat)
      await this.#assignments.settled(id)
      return await this.#answer(beat, now)
    } catch (error) {
      // It has not become a member, or is none any more.
      if (this.#memberOf(id, member) === undefined) this.#forget(id, member)
      throw error
    }
  }

  async #answer(beat: ConsumerGroupBeat, arrivedAt: number): Promise<ConsumerGroupBeatReply> {
    const { group: id, member, epoch, waitMs, sessionMs } = beat
    const { state, clock } = this.#deps
    const group = state.groups.get(id)
    const last = this.members.of(id, member)
    // Of another epoch: the last answer has not arrived.
    const knows = group !== undefined && last?.epoch === epoch && this.#signature(group, member) === last.told
    if (waitMs > 0 && knows) await this.members.wait(id, member, waitMs)
    await this.#confirmed(arrivedAt)
    if (this.#ended) throw new TailraceError('NOT_LEADER')
    const present = state.groups.get(id)
    if (!present?.members.has(member)) throw this.#gone(beat)
    const due = this.#leases.dueOf(present, member, dueIn(present, clock.now()))
    this.members.told(id, member, this.#leases.signatureOf(present, member, due), present.epoch)
    return this.#leases.replyOf(present, member, heartbeatMs(sessionMs), due)
  }

  /**
   * A member counts on its leases for a session from its beat on, so no other coordinator may have begun before that.
   * One round confirms it for all beats that have come by then: those that wait are mostly confirmed by the time at
   * which they are answered.
   */
  async #confirmed(arrivedAt: number): Promise<void> {
    if (this.#confirmedUntil >= arrivedAt) return
    const { leader, clock } = this.#deps
    const began = clock.monotonic()
    await leader.confirmed(true)
    this.#confirmedUntil = Math.max(this.#confirmedUntil, began)
  }

  async #leave({ group, member, epoch }: ConsumerGroupBeat): Promise<ConsumerGroupBeatReply> {
    this.members.wake(group, member)
    // A member whose instance comes back keeps its leases for the rest of its session.
    if (epoch === LEAVES && this.#memberOf(group, member) !== undefined) {
      await this.#change({ type: 'leave', group, at: this.#deps.clock.now(), member })
      this.#forget(group, member)
    }
    return farewell
  }

  /** Leases that it was told to give back, knew of, and does not hold any more. */
  async #release({ group: id, member, epoch, owned }: ConsumerGroupBeat): Promise<void> {
    const group = this.#deps.state.groups.get(id)
    if (group === undefined) return
    const leases = this.#leases.givenBack(group, member, epoch, owned)
    if (leases.length === 0) return
    await this.#change({ type: 'release', group: id, at: this.#deps.clock.now(), member, epoch, leases })
  }

  async #commit({ group, member, positions: given }: ConsumerGroupCommit): Promise<ConsumerGroupResult> {
    if (member === '') {
      await this.#reset(group, given)
      return { kind: 'committed', fenced: [] }
    }
    const positions = given.map(({ done, ...position }) => (done ? { ...position, done } : position))
    return this.#kept(await this.#change({ type: 'commit', group, at: this.#deps.clock.now(), member, positions }))
  }

  async #delay({ kind: _, topic: __, delayMs, ...delay }: ConsumerGroupDelay): Promise<ConsumerGroupResult> {
    const at = this.#deps.clock.now()
    const due = at + delayMs
    const outcome = await this.#change({ type: 'delay', at, due, ...delay })
    this.#delays.added(delay.group, due)
    return this.#kept(outcome)
  }

  async #reset(group: string, given: readonly ConsumerGroupPosition[]): Promise<void> {
    const positions = given.map(({ token: _, done: __, ...position }) => position)
    await this.#change({ type: 'reset', group, at: this.#deps.clock.now(), positions })
  }

  #kept({ fenced }: CommandOutcome & { readonly ok: true }): ConsumerGroupResult {
    this.#deps.counts.fenced += fenced.length
    return { kind: 'committed', fenced }
  }

  /** @throws TailraceError the code of the refusal */
  async #change(command: ConsumerGroupCommand): Promise<CommandOutcome & { readonly ok: true }> {
    const outcome = await this.#proposals.propose(command)
    if (outcome.ok) return outcome
    throw new TailraceError(outcome.code, `"${command.group}"`)
  }

  /** Commits alone begin no epoch, and are nothing that others wait for. */
  #changed(id: string): void {
    const group = this.#deps.state.groups.get(id)
    if (group !== undefined && this.#epochs.get(id) === group.epoch) return
    if (group === undefined) {
      this.#epochs.delete(id)
      this.#delays.forget(id)
      for (const member of [...this.members.waitingIn(id)]) this.members.wake(id, member)
      return
    }
    this.#epochs.set(id, group.epoch)
    if (group.assignedFor !== group.changedIn) this.#assignments.changed(id)
    this.#wakeMembers(group)
  }

  /** Answers the beats that wait here for what has changed. */
  #wakeMembers(group: ConsumerGroup): void {
    const due = dueIn(group, this.#deps.clock.now())
    for (const member of [...this.members.waitingIn(group.id)]) {
      const isNew = this.#signature(group, member, due) !== this.members.of(group.id, member)?.told
      if (isNew || !group.members.has(member)) this.members.wake(group.id, member)
    }
  }

  /** All that the member is to know. */
  #signature(group: ConsumerGroup, member: string, due = dueIn(group, this.#deps.clock.now())): string {
    return this.#leases.signatureOf(group, member, this.#leases.dueOf(group, member, due))
  }

  #takeOut(group: string, member: string): void {
    const { clock, logger, counts } = this.#deps
    if (this.#memberOf(group, member) === undefined) {
      this.#forget(group, member)
      return
    }
    this.#change({ type: 'leave', group, at: clock.now(), member }).then(
      () => {
        counts.expired += 1
        logger.info({ consumerGroup: group, member }, 'the session of a member ran out')
        this.#forget(group, member)
      },
      () => this.#sessions.again({ group, member }),
    )
  }

  #forget(group: string, member: string): void {
    this.#sessions.forget({ group, member })
    this.members.forget(group, member)
  }

  /** Why the member is none any more. */
  #gone(beat: ConsumerGroupBeat): TailraceError {
    const { group, member, instance } = beat
    return this.#groupWithInstance(beat) !== undefined
      ? new TailraceError('INSTANCE_TAKEN', `"${instance}" in "${group}".`)
      : new TailraceError('FENCED_MEMBER', `"${member}" in "${group}".`)
  }

  /** The group, if a member of it has the instance. */
  #groupWithInstance({ group: id, instance }: ConsumerGroupBeat): ConsumerGroup | undefined {
    const group = this.#deps.state.groups.get(id)
    if (group === undefined || instance === '') return undefined
    for (const member of group.members.values()) if (member.instance === instance) return group
    return undefined
  }

  #memberOf(group: string, member: string): ConsumerGroupMember | undefined {
    return this.#deps.state.groups.get(group)?.members.get(member)
  }
}
