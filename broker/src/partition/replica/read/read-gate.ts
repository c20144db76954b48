import type { LogIndex, Term } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../../platform/clock.ts'
import type { RaftCore } from '../../../raft/core.ts'

export interface ReadGateDeps {
  readonly core: Pick<RaftCore, 'role' | 'term' | 'commitIndex' | 'hasLease' | 'beginReadRound' | 'roundAnswered'>
  /** The entries that readers are shown; in the middle of a turn they end before the commit index of the core. */
  readonly shown: () => { readonly commitIndex: LogIndex; readonly commitTerm: Term }
  readonly clock: Clock
  /** How long a read waits for its conditions. */
  readonly patienceMs: number
  readonly maxWaiting: number
  /** Feeds the core the ticks that are due, so that it does not count on a lease that is over. */
  readonly catchUp: () => void
  /** Asks for a `drain` at the end of the turn. */
  readonly wake: () => void
  readonly notLeader: () => TailraceError
  /** @throws TailraceError when the replica has stopped */
  readonly checkRunning: () => void
}

interface WaitingRead {
  /** The round that must be answered; 0: none. */
  readonly round: number
  readonly wake: () => void
}

/**
 * Whether a leader may answer reads. A leader that has just been elected does not know all acknowledgements of its
 * predecessor until an entry of its own term is committed. A linearizable read needs to know as well that no broker
 * leads a later term: by the lease, or by a round of heartbeats that a quorum has answered (M24).
 */
export class ReadGate {
  readonly #deps: ReadGateDeps
  readonly #waiting = new Set<WaitingRead>()

  constructor(deps: ReadGateDeps) {
    this.#deps = deps
  }

  /**
   * Undefined where the read may be answered now; else resolves when it may.
   * @throws TailraceError (or rejects with) NOT_LEADER; LEADER_UNAVAILABLE after `patienceMs`, OVERLOADED
   */
  pass(linearizable: boolean): Promise<void> | undefined {
    const { core, catchUp, wake, maxWaiting } = this.#deps
    if (linearizable) catchUp()
    if (core.role !== 'leader') throw this.#deps.notLeader()
    if (this.#isShown(linearizable) && (!linearizable || core.hasLease)) return undefined
    if (this.#waiting.size >= maxWaiting) {
      throw new TailraceError('OVERLOADED', `More than ${maxWaiting} reads wait for the leader of this partition.`)
    }
    const round = linearizable ? core.beginReadRound() : 0
    if (linearizable) wake()
    return this.#wait(round)
  }

  /** A condition that a read waits for may hold now. Called often: nearly always no read waits. */
  review(): void {
    if (this.#waiting.size === 0) return
    const { core } = this.#deps
    for (const read of this.#waiting) {
      if (core.role !== 'leader' || this.#isOpen(read.round)) read.wake()
    }
  }

  /** All waiting reads look again. */
  wakeAll(): void {
    for (const read of this.#waiting) read.wake()
  }

  /** Woken by an answer, by the loss of leadership, by a stop, or too late. */
  async #wait(round: number): Promise<void> {
    const { clock, core, patienceMs, checkRunning, notLeader } = this.#deps
    const { promise, resolve: wake } = Promise.withResolvers<void>()
    const read = { round, wake }
    const timer = clock.after(patienceMs, wake)
    this.#waiting.add(read)
    await promise
    this.#waiting.delete(read)
    timer.cancel()
    checkRunning()
    if (core.role !== 'leader') throw notLeader()
    if (!this.#isOpen(round)) throw unconfirmed(round)
  }

  #isOpen(round: number): boolean {
    return this.#isShown(round > 0) && (round === 0 || this.#deps.core.roundAnswered(round))
  }

  /**
   * Whether readers are shown an entry of this leader's own term, and so all earlier entries; with `all` every entry
   * that it knows to be committed.
   */
  #isShown(all: boolean): boolean {
    const { core, shown } = this.#deps
    const { commitIndex, commitTerm } = shown()
    return commitTerm === core.term && (!all || commitIndex >= core.commitIndex)
  }
}

function unconfirmed(round: number): TailraceError {
  const why = round === 0 ? 'has just been elected' : 'has no majority that confirms that it still leads'
  return new TailraceError('LEADER_UNAVAILABLE', `The leader ${why}.`)
}
