import type { BrokerId, LogIndex, Term } from '@tailrace/schemas'
import type { Configuration } from '../config.ts'

/**
 * One change of members, as its leader sees it (M62):
 *
 *   stable -> staging newcomers become learners (one entry) and catch up (M59), as do voters that stay and are needed
 *   staging -> joint the new and the old voters, each with a majority of its own (M58); skipped if one voter differs
 *   (M63) joint -> leaving the new voters alone; appended by the leader at the time, when the joint entry is committed
 *   (M61) leaving -> stable committed: done. A leader that is not of the new set transfers its leadership (M66) staging
 *   -> leaving a replica that is needed cannot be reached or does not catch up: the learners are taken out again, and
 *   the change has failed
 *
 * Every entry waits for the commit of the one before (M65).
 */
export interface MemberChange {
  stage: 'staging' | 'joint' | 'leaving'
  /** The configuration that governs when all goes well. */
  readonly final: Configuration
  /** The configuration before; a failed staging returns to it. */
  readonly before: Configuration
  /** Null if no replica needs to, or all have. */
  catchUp: CatchUp | null
  /** Why it has failed; it is being undone. */
  failure: string | null
}

/**
 * M59: newcomers get the log in rounds, each up to where the leader's log ended when it began (dissertation §4.2.1). So
 * do voters that stay, as far as the new set needs them for its majority: when the others have gone, one that is far
 * behind would hold up every commit.
 */
export interface CatchUp {
  /** Voters of the new set, without the leader. */
  readonly learning: readonly Learning[]
  readonly startedAt: number
}

/** A replica that has to catch up with the leader. */
export interface Learning {
  readonly id: BrokerId
  /** It has no vote yet. */
  readonly isNew: boolean
  round: number
  roundStartedAt: number
  roundEnd: LogIndex
  /** A round took less than an election timeout: the rest can be caught up with while the group goes on. */
  caughtUp: boolean
}

export interface MemberOutcome {
  readonly outcome: 'done' | 'failed'
  readonly reason: string
}

/** Leadership in transfer to `to` (M81). Outlives the leadership, until it is known who leads next. */
export interface Transfer {
  readonly to: BrokerId
  readonly term: Term
  readonly startedAt: number
  /** Tick when TimeoutNow was last sent. */
  toldAt: number | null
}

export interface TransferOutcome {
  readonly to: BrokerId
  readonly outcome: 'done' | 'timed-out'
}

/** The state of changes of members and of leadership that a replica keeps. */
export interface MembershipState {
  /** Leader: some step of a change may be due. */
  active: boolean
  change: MemberChange | null
  lastChange: MemberOutcome | null
  transfer: Transfer | null
  /**
   * Leader: a voter was told to campaign in this term, in spite of the promises of all not to vote (M10 (c)). That
   * message may arrive at any time, so there are no lease reads until the term ends (M24).
   */
  handedOn: boolean
  /** Candidate: it leads once its term is durable, asks no other replica, and appends this configuration (M83). */
  forced: Configuration | null
  /** For the next Ready. */
  changeOutcome: MemberOutcome | null
  transferOutcome: TransferOutcome | null
}

export function newMembershipState(): MembershipState {
  return {
    active: false,
    change: null,
    lastChange: null,
    transfer: null,
    handedOn: false,
    forced: null,
    changeOutcome: null,
    transferOutcome: null,
  }
}

export function reportChange(membership: MembershipState, outcome: 'done' | 'failed', reason: string): void {
  membership.change = null
  membership.lastChange = { outcome, reason }
  membership.changeOutcome = membership.lastChange
}

/**
 * Does not lead any more, nor is about to: an appended change continues without this replica, one that is not appended
 * ends.
 */
export function abandonChange(membership: MembershipState): void {
  membership.active = false
  membership.handedOn = false
  if (membership.forced !== null) {
    membership.forced = null
    reportChange(membership, 'failed', 'another broker leads a later term')
  } else if (membership.change !== null) {
    const { stage } = membership.change
    reportChange(membership, 'failed', stage === 'staging' ? LEFT_STAGING : LEFT_CHANGING)
  }
}

const LEFT_STAGING = 'the leader was deposed while replicas caught up'
const LEFT_CHANGING = 'the leader was deposed; the next one finishes the change if it has it'
