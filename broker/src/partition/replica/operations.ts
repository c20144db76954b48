import type { BrokerId, Term } from '@tailrace/schemas'
import { type ErrorCode, NO_BROKER, TailraceError } from '@tailrace/schemas'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { RaftCore } from '../../raft/core.ts'
import type { TransferAnswer } from '../../raft/election/transfer.ts'
import type { ChangeRefusal } from '../../raft/members/member-change.ts'
import type { MemberTarget } from '../../raft/members/member-target.ts'
import type { Ready } from '../../raft/ready.ts'
import type { PartitionMetrics } from '../metrics.ts'
import { notLeader } from './leader-refusal.ts'

export interface OperationsDeps {
  readonly core: RaftCore
  readonly clock: Clock
  /** After this long a transfer or a forced configuration has failed, even if the core still waits for it. */
  readonly timeoutMs: number
  readonly metrics: PartitionMetrics
  /** @throws TailraceError when the replica has stopped */
  readonly checkRunning: () => void
  /** A sleeping core neither leads nor answers. */
  readonly wakeUp: () => void
  /** The core has a Ready. */
  readonly wake: () => void
}

interface Waiting<Result> {
  readonly resolve: (result: Result) => void
  readonly reject: (error: TailraceError) => void
  readonly timer: TimerHandle | null
}

const refusals: Record<Exclude<ChangeRefusal, 'not-leader'>, readonly [ErrorCode, string]> = {
  'term-not-committed': ['LEADER_UNAVAILABLE', 'The leader has just been elected.'],
  busy: ['MEMBERS_CHANGING', ''],
  transferring: ['MEMBERS_CHANGING', 'The leadership is being transferred.'],
  invalid: ['INVALID_MEMBERS', ''],
}

const transferRefusals: Record<Exclude<TransferAnswer, 'started' | 'not-leader'>, readonly [ErrorCode, string]> = {
  'changing-members': ['MEMBERS_CHANGING', ''],
  busy: ['TRANSFER_FAILED', 'Another transfer is under way.'],
  'not-voter': ['INVALID_MEMBERS', 'Only a voter can lead.'],
}

/** Operators' requests to one replica's core, as promises: the core tells the outcome later. */
export class Operations {
  readonly #deps: OperationsDeps
  #change: Waiting<void> | null = null
  #transfer: Waiting<BrokerId> | null = null
  #forced: Waiting<void> | null = null

  constructor(deps: OperationsDeps) {
    this.#deps = deps
  }

  async changeMembers(target: MemberTarget): Promise<void> {
    const { core, wake } = this.#begin()
    const outcome = core.changeMembers(target)
    if (outcome === 'unchanged') return
    if (outcome === 'not-leader') throw notLeader(core.leader)
    if (outcome !== 'started') throw refused(refusals[outcome])
    wake()
    await new Promise<void>((resolve, reject) => {
      this.#change = { resolve, reject, timer: null }
    })
  }

  async transferLeadership(to: BrokerId): Promise<BrokerId> {
    const { core, wake } = this.#begin()
    const target = to === NO_BROKER ? bestSuccessor(core) : to
    if (target === NO_BROKER) {
      if (core.role !== 'leader') throw notLeader(core.leader)
      throw new TailraceError('TRANSFER_FAILED', 'No other voter answers.')
    }
    const outcome = core.transferLeadership(target)
    if (outcome === 'not-leader') throw notLeader(core.leader)
    if (outcome !== 'started') throw refused(transferRefusals[outcome])
    wake()
    return new Promise<BrokerId>((resolve, reject) => {
      this.#transfer?.reject(new TailraceError('TRANSFER_FAILED', 'Another transfer has taken its place.'))
      this.#transfer = { resolve, reject, timer: this.#deadline(() => this.#endTransfer('It took too long.')) }
    })
  }

  /** `begun`: called when the core has agreed, before it has any effect. */
  async forceMembers(voters: readonly BrokerId[], aboveTerm: Term, begun: () => void): Promise<void> {
    const { core, wake } = this.#begin()
    if (core.leader !== NO_BROKER && core.role !== 'leader') {
      throw new TailraceError('QUORUM_ALIVE', `Broker ${core.leader} leads it.`)
    }
    if (core.forceConfiguration(voters, aboveTerm) !== 'started') throw new TailraceError('INVALID_MEMBERS')
    begun()
    wake()
    await new Promise<void>((resolve, reject) => {
      const late = (): void => this.#endForced(new TailraceError('CHANGE_FAILED', 'It was not committed in time.'))
      this.#forced = { resolve, reject, timer: this.#deadline(late) }
    })
  }

  /** Call with every Ready that tells an outcome of theirs. */
  settle({ memberChange, transfer }: Pick<Ready, 'memberChange' | 'transfer'>): void {
    const { metrics } = this.#deps
    if (memberChange !== null) metrics[memberChange.outcome === 'done' ? 'membersChanged' : 'memberChangesFailed'] += 1
    if (transfer !== null) metrics[transfer.outcome === 'done' ? 'transfersDone' : 'transfersFailed'] += 1
    if (memberChange !== null && this.#change !== null) {
      const { resolve, reject } = this.#change
      this.#change = null
      if (memberChange.outcome === 'done') resolve()
      else if (this.#deps.core.role !== 'leader') reject(new TailraceError('OUTCOME_UNKNOWN', memberChange.reason))
      else reject(new TailraceError('CHANGE_FAILED', memberChange.reason))
    }
    if (memberChange?.outcome === 'done') this.#endForced(null)
    else if (memberChange !== null) this.#endForced(new TailraceError('CHANGE_FAILED', memberChange.reason))
    if (transfer === null) return
    if (transfer.outcome === 'done') this.#endTransfer(null, transfer.to)
    else this.#endTransfer(`Broker ${transfer.to} did not take over in time.`)
  }

  stop(error: TailraceError): void {
    this.#change?.reject(error)
    this.#change = null
    this.#settle(this.#transfer)?.reject(error)
    this.#transfer = null
    this.#endForced(error)
  }

  #begin(): OperationsDeps {
    this.#deps.checkRunning()
    this.#deps.wakeUp()
    return this.#deps
  }

  #endTransfer(failure: string | null, to: BrokerId = NO_BROKER): void {
    const waiting = this.#settle(this.#transfer)
    this.#transfer = null
    if (failure === null) waiting?.resolve(to)
    else waiting?.reject(new TailraceError('TRANSFER_FAILED', failure))
  }

  #endForced(error: TailraceError | null): void {
    const waiting = this.#settle(this.#forced)
    this.#forced = null
    if (error === null) waiting?.resolve()
    else waiting?.reject(error)
  }

  #settle<Result>(waiting: Waiting<Result> | null): Waiting<Result> | null {
    waiting?.timer?.cancel()
    return waiting
  }

  #deadline(late: () => void): TimerHandle {
    return this.#deps.clock.after(this.#deps.timeoutMs, late)
  }
}

/** The voter that answers and has the most of the log; 0 if there is none. */
export function bestSuccessor(core: RaftCore): BrokerId {
  const { voters } = core.configuration
  let best = { id: NO_BROKER, matchIndex: -1 }
  for (const follower of core.status().followers) {
    if (!follower.active || !voters.includes(follower.id) || follower.matchIndex <= best.matchIndex) continue
    best = follower
  }
  return best.id
}

function refused([code, detail]: readonly [ErrorCode, string]): TailraceError {
  return new TailraceError(code, detail === '' ? undefined : detail)
}
