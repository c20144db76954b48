import type { BrokerId, GroupId, Term } from '@tailrace/schemas'
import type { GroupLog } from '../../log/log-storage.ts'
import type { Logger } from '../../platform/logger.ts'
import type { RaftCore } from '../../raft/core.ts'
import type { HeartbeatMessage, RaftMessage, VoteMessage } from '../../raft/messages.ts'
import type { Peers } from '../peers.ts'
import type { PartitionState } from './state/partition-state.ts'

const ofLeaders: ReadonlySet<RaftMessage['type']> = new Set(['append', 'heartbeat', 'snapshot'] as const)

export interface QuarantineDeps {
  readonly group: GroupId
  readonly core: RaftCore
  /** The present parts of the replica: an installation may put others in their place. */
  readonly replica: { readonly log: GroupLog; readonly state: PartitionState }
  readonly peers: Pick<Peers, 'sendRaft'>
  readonly logger: Logger
  /** `GroupSpec.present`. */
  readonly present?: (() => readonly BrokerId[]) | undefined
}

/**
 * A replica that lost entries, votes or terms that it may have promised (docs/decisions/torn-or-rotten.md: a flipped
 * bit, not a torn tail) must neither vote nor lead: its vote could elect a replica that lacks those entries too. Nor
 * may it acknowledge: a vote that it forgot may have made another broker leader of a later term than that of the leader
 * that asks. So it takes three steps:
 * 1. It asks every other voter for its term. Forgotten promises were made in the highest of these terms or before: the
 *    broker that asked for the promise is in that term or a later one. (The question is a pre-vote that no replica
 *    grants; the refusal names the term.)
 * 2. It follows leaders of later terms only. Those were elected after its return, and without its vote, so they have
 *    all that was ever committed, and count on nothing of this replica. A leader of an earlier term is told of a later
 *    one, so that it steps down.
 * 3. It is whole once it holds, durably, an entry that was committed in such a term: by Leader Completeness and Log
 *    Matching that covers all committed entries that it once acknowledged.
 */
export class Quarantine {
  readonly #deps: QuarantineDeps
  readonly #answered = new Set<BrokerId>()
  readonly #members: () => readonly BrokerId[]
  /** All voters have answered. */
  #isTold = false
  /** The highest term that another voter has told; forgotten terms are not above it once all have answered. */
  #promised: Term

  constructor(deps: QuarantineDeps) {
    const { core } = deps
    const { log } = deps.replica
    this.#deps = deps
    const { voters, outgoing } = core.configuration
    this.#members = deps.present ?? (() => [...voters, ...outgoing])
    this.#promised = core.term
    if (log.damage !== null) this.#tell(log)
  }

  /**
   * From now on: the log was found to have lost entries while the replica was at work. Answers from before do not
   * count.
   */
  enter(): void {
    this.#answered.clear()
    this.#isTold = false
    this.#promised = this.#deps.core.term
    this.#tell(this.#deps.replica.log)
  }

  /**
   * Whether a message that waited for the disk may leave: no promise may leave that rests on a state that may have been
   * forgotten.
   */
  lets(message: RaftMessage): boolean {
    if (!this.active) return true
    const promises =
      message.type === 'vote' ||
      (message.type === 'vote-reply' && message.granted) ||
      (message.type === 'append-reply' && message.success)
    return !promises || (this.#isTold && message.term > this.#promised)
  }

  #tell({ group, damage }: GroupLog): void {
    this.#deps.logger.error(
      { group, ...damage },
      'entries cannot be read: the replica neither votes nor leads until a leader has sent them again',
    )
  }

  get active(): boolean {
    return this.#deps.replica.log.damage !== null
  }

  /** In the place of the core's tick: without ticks a replica never campaigns. */
  tick(): void {
    const { group, core, peers } = this.#deps
    const from = core.id
    for (const to of this.#unanswered()) {
      const question = { from, to, term: core.term, pre: true, transfer: false, lastIndex: 0, lastTerm: 0 }
      peers.sendRaft(group, { type: 'vote', ...question }, [])
    }
  }

  /** Whether a message must not reach the core. */
  holdsBack(message: RaftMessage): boolean {
    if (!this.active) return false
    if (message.type === 'vote-reply') {
      this.#answered.add(message.from)
      this.#promised = Math.max(this.#promised, message.term)
    }
    if (message.type === 'vote' && message.pre) this.#refuse(message)
    if (!ofLeaders.has(message.type)) return true
    if (!this.#hasAsked()) return true
    if (message.term > this.#promised) return false
    if (message.type === 'heartbeat') this.#askForLaterTerm(message)
    return true
  }

  /** Call after each commit and each fsync. */
  review(): void {
    const { core, replica, logger, group } = this.#deps
    const { state, log } = replica
    if (!this.active || !this.#hasAsked()) return
    if (state.commitTerm <= this.#promised || core.durableIndex < state.commitIndex) return
    log.repaired()
    logger.info({ group, commitIndex: state.commitIndex }, 'the replica is whole again')
  }

  #unanswered(): BrokerId[] {
    if (this.#isTold) return []
    return this.#members().filter((id) => id !== this.#deps.core.id && !this.#answered.has(id))
  }

  #hasAsked(): boolean {
    this.#isTold ||= this.#unanswered().length === 0
    return this.#isTold
  }

  /**
   * Another replica in quarantine may be asking. The votes that this one forgot do not matter: it cannot win with them
   * any more.
   */
  #refuse({ from: to }: VoteMessage): void {
    const { group, core, peers } = this.#deps
    peers.sendRaft(group, { type: 'vote-reply', from: core.id, to, term: core.term, pre: true, granted: false }, [])
  }

  #askForLaterTerm({ from: to, sentAt }: HeartbeatMessage): void {
    const { group, core, peers } = this.#deps
    const term = this.#promised + 1
    peers.sendRaft(group, { type: 'heartbeat-reply', from: core.id, to, term, lastIndex: 0, sentAt }, [])
  }
}
