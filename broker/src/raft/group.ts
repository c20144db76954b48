import type { BrokerId, EntryHeader, LogIndex, Offset, Term } from '@tailrace/schemas'
import { EntryKind, NO_BROKER } from '@tailrace/schemas'
import type { Configuration, RaftOptions, RaftStart } from './config.ts'
import type { ChangeRefusal, MemberTarget, Proposal, RaftCore, RaftStatus, Refusal, TransferAnswer } from './core.ts'
import { type Defects, noDefects } from './defects.ts'
import { campaign, countOwnVoteOnceDurable } from './election/campaign.ts'
import { answerVoteRequest, leaderIsAlive } from './election/election.ts'
import { loseLeader } from './election/leader-loss.ts'
import { applyTerm, isPlausible } from './election/term-rules.ts'
import { beginTransfer } from './election/transfer.ts'
import { compactLog } from './log/compaction.ts'
import { type EntryStatus, entryStates } from './log/entry-states.ts'
import { forceConfiguration } from './members/force.ts'
import { beginChange, cancelChange } from './members/member-change.ts'
import { changeStatus } from './members/member-status.ts'
import { isAlone } from './members/quorum.ts'
import type { RaftMessage } from './messages.ts'
import { commitIsCurrent, forgetBeats, hasLease } from './reads/lease.ts'
import { roundAnswered, wantRound } from './reads/read-index.ts'
import { commitByToken, holdersOf } from './reads/token.ts'
import type { Ready, Role } from './ready.ts'
import { advanceCommit } from './replication/acknowledgement.ts'
import { sendWantedRound } from './replication/heartbeats.ts'
import { abandonInstall, finishInstall } from './replication/install.ts'
import { flushFollowers, restartFollower, sendEntriesRead } from './replication/replication.ts'
import { offerSnapshot } from './replication/snapshot-offer.ts'
import { stepCandidate, stepPreCandidate, tickCandidate, tickPreCandidate } from './roles/candidate.ts'
import { stepFollower, tickFollower } from './roles/follower.ts'
import { stepLeader, tickLeader } from './roles/leader.ts'
import { disturbs, isActive, setReachable, wake } from './sleep/sleep.ts'
import { changePriority, checkInvariants, followerOf, newState, type RaftState } from './state.ts'
import { hasNews, takeReady } from './take-ready.ts'
import { becomeFollower } from './transitions.ts'
import { settleTick, settleTurn } from './turn.ts'

interface RoleBehaviour {
  readonly tick: (state: RaftState, mayCampaign: () => boolean) => void
  readonly step: (state: RaftState, message: RaftMessage) => void
}

const always = (): boolean => true

const behaviours: Record<Role, RoleBehaviour> = {
  follower: { tick: tickFollower, step: stepFollower },
  'pre-candidate': { tick: tickPreCandidate, step: stepPreCandidate },
  candidate: { tick: tickCandidate, step: stepCandidate },
  leader: { tick: tickLeader, step: stepLeader },
}

/** A replica of one group, a follower without a leader, with the log that was found on disk. */
export function createRaft(options: RaftOptions, start: RaftStart): RaftCore {
  return new Group(options, start, noDefects)
}

/** The same with safety mechanisms switched off. For negative controls in tests, nowhere else. */
export function createRaftWithDefects(options: RaftOptions, start: RaftStart, defects: Defects): CheckedRaftCore {
  return new Group(options, start, defects)
}

/** A core that tests may ask to check itself. */
export interface CheckedRaftCore extends RaftCore {
  /** Throws if a promise of state.ts does not hold. */
  checkInvariants(): void
}

/** Turns each input into calls of the role's rules; holds no rule itself. */
class Group implements CheckedRaftCore {
  readonly #state: RaftState

  constructor(options: RaftOptions, start: RaftStart, defects: Defects) {
    this.#state = newState(options, start, defects)
  }

  get id(): BrokerId {
    return this.#state.id
  }
  get role(): Role {
    return this.#state.role
  }
  get term(): Term {
    return this.#state.term
  }
  get leader(): BrokerId {
    return this.#state.leader
  }
  get prevIndex(): LogIndex {
    return this.#state.log.prevIndex
  }
  get lastIndex(): LogIndex {
    return this.#state.log.lastIndex
  }
  get nextOffset(): Offset {
    return this.#state.log.nextOffset
  }
  get commitIndex(): LogIndex {
    return this.#state.commitIndex
  }
  get configuration(): Configuration {
    return this.#state.configuration
  }
  get configurationIndex(): LogIndex {
    return this.#state.configurationIndex
  }
  get durableIndex(): LogIndex {
    return this.#state.log.durability.lastIndex
  }
  get commitIsCurrent(): boolean {
    return commitIsCurrent(this.#state)
  }
  get hasLease(): boolean {
    return hasLease(this.#state)
  }

  get asleep(): boolean {
    return this.#state.silence.asleep
  }

  beginReadRound(): number {
    wake(this.#state)
    return wantRound(this.#state)
  }

  roundAnswered(round: number): boolean {
    return roundAnswered(this.#state, round)
  }

  stoodStill(): void {
    forgetBeats(this.#state)
  }

  tick(mayCampaign = always): void {
    const state = this.#state
    if (state.silence.asleep) return
    state.now++
    behaviours[state.role].tick(state, mayCampaign)
    settleTick(state)
  }

  step(message: RaftMessage): void {
    const state = this.#state
    if (state.silence.asleep && disturbs(state, message)) wake(state)
    if (!applyTerm(state, message)) return
    if (message.type === 'vote') answerVoteRequest(state, message)
    else behaviours[state.role].step(state, message)
    settleTurn(state)
  }

  isPlausibleTerm(term: Term): boolean {
    return isPlausible(this.#state, term)
  }

  propose({ records, bytes, kind = EntryKind.Records }: Proposal): EntryHeader | Refusal {
    const state = this.#state
    const { log, options } = state
    if (state.role !== 'leader') return 'not-leader'
    if (state.membership.transfer !== null) return 'transferring'
    wake(state)
    // One entry is always taken, whatever its size: else a batch larger than the bound could never be written.
    const { uncommittedBytes } = log.window
    if (uncommittedBytes > 0 && uncommittedBytes + bytes > options.maxUncommittedBytes) return 'too-much-uncommitted'
    const baseOffset = log.nextOffset
    const header: EntryHeader = {
      index: log.lastIndex + 1,
      term: state.term,
      kind,
      baseOffset,
      lastOffset: baseOffset + records - 1,
      bytes,
    }
    log.append(header)
    state.flushNeeded = true
    return header
  }

  persisted(number: number): void {
    const state = this.#state
    state.log.durability.persisted(number, state.log.lastIndex)
    if (state.role === 'leader') advanceCommit(state)
    else if (state.role === 'candidate') countOwnVoteOnceDurable(state)
    settleTurn(state)
  }

  entriesRead(ticket: number, headers: readonly EntryHeader[]): void {
    if (this.#state.role === 'leader') sendEntriesRead(this.#state, ticket, headers)
  }

  wake(): void {
    wake(this.#state)
  }

  setReachable(peer: BrokerId, reachable: boolean): void {
    setReachable(this.#state, peer, reachable)
  }

  leaderLost(elapsedTicks: number, eager: boolean): void {
    loseLeader(this.#state, elapsedTicks, eager)
  }

  compacted(prevIndex: LogIndex, prevTerm: Term): void {
    compactLog(this.#state, prevIndex, prevTerm)
  }

  offerSnapshot(to: BrokerId, lastIndex: LogIndex, lastTerm: Term, source: BrokerId): boolean {
    return offerSnapshot(this.#state, to, lastIndex, lastTerm, source)
  }

  installed(start: RaftStart): void {
    finishInstall(this.#state, start)
  }

  installFailed(): void {
    abandonInstall(this.#state)
  }

  holdersOf(index: LogIndex): BrokerId[] {
    return holdersOf(this.#state, index)
  }

  commitToken(term: Term, index: LogIndex): boolean {
    return commitByToken(this.#state, term, index)
  }

  entryStates(from: LogIndex, count: number): readonly EntryStatus[] {
    return entryStates(this.#state, from, count)
  }

  peerUnreachable(peer: BrokerId): void {
    // Nothing of a sleeper is in flight.
    if (this.#state.silence.asleep) return
    const progress = followerOf(this.#state, peer)
    if (progress !== undefined) restartFollower(this.#state, progress)
  }

  campaign(): void {
    const state = this.#state
    wake(state)
    // Its own vote is bound like any other by its promise to a leader (M10). A single voter has no other leader, once
    // the configuration that says so is committed: until then a leader that is leaving may count on this replica's
    // promise (M66).
    const { configuration, configurationIndex, commitIndex, id } = state
    const decidesAlone = isAlone(configuration, id) && configurationIndex <= commitIndex
    if (decidesAlone || !leaderIsAlive(state)) campaign(state)
  }

  changeMembers(target: MemberTarget): 'started' | 'unchanged' | ChangeRefusal {
    const state = this.#state
    wake(state)
    const answer = beginChange(state, target)
    settleTurn(state)
    return answer
  }

  cancelChange(): boolean {
    const cancelled = cancelChange(this.#state)
    settleTurn(this.#state)
    return cancelled
  }

  transferLeadership(to: BrokerId): TransferAnswer {
    wake(this.#state)
    return beginTransfer(this.#state, to)
  }

  standBack(): void {
    const state = this.#state
    wake(state)
    if (state.role !== 'follower') becomeFollower(state, state.term, NO_BROKER)
    settleTurn(state)
  }

  setElectionFactor(factor: number): void {
    changePriority(this.#state, factor)
  }

  forceConfiguration(voters: readonly BrokerId[], aboveTerm: Term = 0): 'started' | 'not-allowed' {
    wake(this.#state)
    return forceConfiguration(this.#state, voters, aboveTerm)
  }

  hasReady(): boolean {
    const { flushNeeded, rounds } = this.#state
    return flushNeeded || rounds.wanted || hasNews(this.#state)
  }

  ready(): Ready {
    const state = this.#state
    if (state.flushNeeded) flushFollowers(state)
    if (state.rounds.wanted) sendWantedRound(state)
    const ready = takeReady(state)
    // Only entries that the driver has been given and that are committed may leave the window.
    state.log.window.trim(state.commitIndex, state.options.maxUncommittedBytes)
    return ready
  }

  status(): RaftStatus {
    const state = this.#state
    const { role, term, leader, commitIndex, log, followers, silence } = state
    const present = followers.filter(({ leaving }) => !leaving)
    return {
      role,
      term,
      leader,
      asleep: silence.asleep,
      commitIndex,
      lastIndex: log.lastIndex,
      durableIndex: log.durability.lastIndex,
      configuration: state.configuration,
      configurationIndex: state.configurationIndex,
      change: changeStatus(state),
      lastChange: state.membership.lastChange,
      transferringTo: state.membership.transfer?.to ?? null,
      electionFactor: state.electionFactor,
      followers: present.map((follower) => ({
        id: follower.id,
        matchIndex: follower.match,
        nextIndex: follower.next,
        state: follower.state,
        inflight: follower.state === 'probe' ? Number(follower.paused) : follower.inflights.count,
        active: isActive(state, follower),
      })),
    }
  }

  checkInvariants(): void {
    checkInvariants(this.#state)
  }
}
