import { type BrokerId, type LogIndex, NO_BROKER, type Term } from '@tailrace/schemas'
import type { Configuration, RaftOptions, RaftStart } from './config.ts'
import type { Defects } from './defects.ts'
import { broken } from './invariant.ts'
import { RaftLog } from './log/raft-log.ts'
import { type MembershipState, newMembershipState } from './members/change-state.ts'
import { decidingConfiguration } from './members/quorum.ts'
import { newOutbox, type Outbox } from './outbox.ts'
import { newReadRounds, type ReadRounds } from './reads/read-rounds.ts'
import type { InstallRequest, Role } from './ready.ts'
import type { Progress } from './replication/progress.ts'
import { newSilence, type Silence } from './sleep/silence.ts'

/**
 * The state of one replica of one group; roles and rules are functions over it. `checkInvariants` tests these promises:
 * 1. term and commitIndex never fall; the term of the last entry is at most `term`.
 * 2. prevIndex <= commitIndex <= lastIndex, durable index <= lastIndex. (A leader may commit entries that its own disk
 *    does not have yet: M92.)
 * 3. role = leader: leader = id, votedFor = id, and `followers` holds every other member.
 * 4. role = candidate: votedFor = id, leader = none. role = pre-candidate: leader = none.
 * 5. Every Progress keeps its own rules.
 */
export interface RaftState {
  readonly id: BrokerId
  readonly options: RaftOptions
  readonly defects: Defects
  log: RaftLog
  readonly outbox: Outbox
  /** Under which number this replica was admitted (membership.ts). */
  readonly admission: number
  /** The latest configuration in the log, committed or not: it governs every decision (M68, M73). */
  configuration: Configuration
  /** Index of its entry. */
  configurationIndex: LogIndex
  /** The configuration that elections and commits count by: it differs only where a test has switched a rule off. */
  deciding: Configuration
  /** M82. */
  electionFactor: number
  term: Term
  /** From where the growth of the term is counted (term-rules.ts); null in a blank replica that knows no term yet. */
  termBase: Term | null
  votedFor: BrokerId
  role: Role
  leader: BrokerId
  commitIndex: LogIndex
  /** Follower: the last index that it has acknowledged to some leader, or may have before the start. */
  acknowledged: LogIndex
  /** Ticks since the start. */
  now: number
  /** Tick when a message of a leader last came (M10). */
  leaderHeardAt: number
  /** Tick when the election timer was last armed, and the ticks that it was armed for (M7). */
  timerArmedAt: number
  electionTimeout: number
  /** Candidate and pre-candidate: the answers so far, own one included. */
  readonly votes: Map<BrokerId, boolean>
  /** Leader: one row for each other member. */
  followers: Progress[]
  /** Leader: index of its TermStart entry. */
  termStartIndex: LogIndex
  heartbeatAt: number
  /**
   * Leader: tick when it became leader, or last woke (sleep.ts). Only answers to heartbeats that left at later ticks
   * tell anything.
   */
  beatsCountAfter: number
  lastTicket: number
  readonly rounds: ReadRounds
  /** The state that is being fetched to take the place of this log, which is frozen meanwhile (install.ts). */
  installing: InstallRequest | null
  readonly silence: Silence
  readonly membership: MembershipState
  /** Leader: some follower may be sent something. */
  flushNeeded: boolean
  /** Leader: the last durable index of each voter; allocated once, for it is used at every acknowledgement. */
  readonly matchOf: (id: BrokerId) => LogIndex
}

export function newState(options: RaftOptions, start: RaftStart, defects: Defects): RaftState {
  if (options.heartbeatTicks < 1 || options.electionTicks <= options.heartbeatTicks) {
    broken(
      `heartbeats every ${options.heartbeatTicks} ticks cannot hold an election timeout of ${options.electionTicks}`,
    )
  }
  const { term, votedFor } = start.hardState
  const log = new RaftLog(start, options, defects)
  const state: RaftState = {
    id: options.id,
    options,
    defects,
    log,
    outbox: newOutbox(term, votedFor, NO_BROKER, log.configurations.latest.configuration),
    admission: options.admission ?? 0,
    configuration: log.configurations.latest.configuration,
    configurationIndex: log.configurations.latest.index,
    deciding: decidingConfiguration(log.configurations.latest.configuration, options.id, defects),
    electionFactor: options.electionFactor ?? 1,
    term,
    termBase: term === 0 && log.configurations.latest.configuration.voters.length === 0 ? null : term,
    votedFor,
    role: 'follower',
    leader: NO_BROKER,
    // A leader may have committed, and hinted at, an entry that its own disk then lost (M92), so the hint can lie
    // beyond the log.
    commitIndex: Math.min(Math.max(start.commitHint, start.prevIndex), log.lastIndex),
    // Entries that it wrote as the leader it has acknowledged to no other replica.
    acknowledged: votedFor === options.id && log.lastTerm === term ? 0 : log.lastIndex,
    now: 0,
    leaderHeardAt: start.hardState.term === 0 || defects.noRestartLease ? Number.NEGATIVE_INFINITY : 0,
    timerArmedAt: 0,
    electionTimeout: 0,
    votes: new Map(),
    followers: [],
    termStartIndex: 0,
    heartbeatAt: 0,
    beatsCountAfter: 0,
    lastTicket: 0,
    rounds: newReadRounds(),
    installing: null,
    silence: newSilence(),
    membership: newMembershipState(),
    flushNeeded: false,
    matchOf: (id) => matchOf(state, id),
  }
  armElectionTimer(state)
  checkInvariants(state)
  return state
}

/** Draws a new timeout from [ET, 2 ET) (M7), or later for a replica that should rather not lead (M82). */
export function armElectionTimer(state: RaftState): void {
  const { electionTicks, random } = state.options
  state.timerArmedAt = state.now
  const least = Math.round(electionTicks * (state.defects.factorIgnored ? 1 : state.electionFactor))
  state.electionTimeout = least + (state.defects.fixedTimeouts ? 0 : random(electionTicks))
}

/** M82: the bound of M10 stays the least timeout of the group, so no replica's may be below it. */
export function changePriority(state: RaftState, factor: number): void {
  if (!(factor >= 1)) broken(`election factor ${factor} is below 1`)
  state.electionFactor = factor
  armElectionTimer(state)
}

export function electionTimerFired(state: RaftState): boolean {
  return state.now - state.timerArmedAt >= state.electionTimeout
}

export function followerOf(state: RaftState, id: BrokerId): Progress | undefined {
  const { followers } = state
  for (let i = 0; i < followers.length; i++) if (followers[i]!.id === id) return followers[i]
  return undefined
}

/** The only way in which the commit index moves. */
export function commitTo(state: RaftState, index: LogIndex): void {
  if (index <= state.commitIndex) return
  if (index > state.log.lastIndex)
    broken(`commit of ${index} beyond the last entry ${state.log.lastIndex}: was the log lost?`)
  state.log.window.commit(state.commitIndex, index)
  state.commitIndex = index
}

function matchOf(state: RaftState, id: BrokerId): LogIndex {
  if (id !== state.id) return followerOf(state, id)?.match ?? 0
  // M92: the leader is a voter like any other, with the entries on its own disk.
  return state.defects.leaderCountsUnsynced ? state.log.lastIndex : state.log.durability.lastIndex
}

/** Throws if a promise of this file does not hold. For tests and simulations: it looks at every follower. */
export function checkInvariants(state: RaftState): void {
  const { log, role } = state
  if (log.lastTerm > state.term) broken(`last entry of term ${log.lastTerm}, but the term is ${state.term}`)
  if (state.commitIndex > log.lastIndex || state.commitIndex < log.prevIndex)
    broken(`commit index ${state.commitIndex}`)
  if (log.durability.lastIndex > log.lastIndex) broken(`durable to ${log.durability.lastIndex} of ${log.lastIndex}`)
  if (log.window.nextIndex !== log.lastIndex + 1)
    broken(`headers end before ${log.window.nextIndex}, log at ${log.lastIndex}`)
  if (role === 'leader' && (state.leader !== state.id || state.votedFor !== state.id))
    broken('a leader without own vote')
  if (role === 'candidate' && state.votedFor !== state.id) broken('a candidate without own vote')
  if ((role === 'candidate' || role === 'pre-candidate') && state.leader !== NO_BROKER)
    broken(`a ${role} with a leader`)
  if (role !== 'leader') return
  for (const { id, match, next } of state.followers) {
    if (match >= next || next > log.lastIndex + 1)
      broken(`follower ${id}: match ${match}, next ${next}, last ${log.lastIndex}`)
  }
}
