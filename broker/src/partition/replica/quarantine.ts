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
  /** What the replica has now: an installation may put others in their place. */
  readonly replica: { readonly log: GroupLog; readonly state: PartitionState }
  readonly peers: Pick<Peers, 'sendRaft'>
  readonly logger: Logger
  /** `GroupSpec.present`. */
  readonly present?: (() => readonly BrokerId[]) | undefined
}

/**
 * A replica that lost entries, votes or terms that it may have promised (docs/decisions/torn-or-rotten.md: a flipped bit, not a torn tail) must neither vote nor
 * lead: its vote could elect somebody who lacks those entries too. Nor may it acknowledge: a vote that it forgot may have made
 * another broker leader of a later term than that of the leader who asks. So it goes three steps:
 * 1. It asks every other voter for its term. What it forgot was promised in the highest of them or before: whoever asked for the promise is in
 *    that term or a later one. (The question is a pre-vote that nobody grants; the refusal names the term.)
 * 2. It follows leaders of later terms only. Those were elected after its return, and without its vote, so they have all that was ever
 *    committed, and count on nothing of this replica. A leader of an earlier term is told of a later one, so that it makes room.
 * 3. It is whole once it holds, durably, an entry that was committed in such a term: by Leader Completeness and Log Matching that covers
 *    whatever it once acknowledged and was committed.
 */
export class Quarantine {
  readonly #deps: QuarantineDeps
  readonly #heard = new Set<BrokerId>()
  readonly #members: () => readonly BrokerId[]
  /** Everybody has answered. */
  #isTold = false
  /** The highest term that another voter has told; what was forgotten is not above it once all have answered. */
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

  /** From now on: the log has been found out to have lost something while the replica was at work. What was heard before counts for nothing. */
  enter(): void {
    this.#heard.clear()
    this.#isTold = false
    this.#promised = this.#deps.core.term
    this.#tell(this.#deps.replica.log)
  }

  /** Whether a message that waited for the disk may leave: none that promises on the strength of what may have been forgotten. */
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
    for (const to of this.#unheard()) {
      const question = { from, to, term: core.term, pre: true, transfer: false, lastIndex: 0, lastTerm: 0 }
      peers.sendRaft(group, { type: 'vote', ...question }, [])
    }
  }

  /** Whether a message must not reach the core. */
  holdsBack(message: RaftMessage): boolean {
    if (!this.active) return false
    if (message.type === 'vote-reply') {
      this.#heard.add(message.from)
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

  #unheard(): BrokerId[] {
    if (this.#isTold) return []
    return this.#members().filter((id) => id !== this.#deps.core.id && !this.#heard.has(id))
  }

  #hasAsked(): boolean {
    this.#isTold ||= this.#unheard().length === 0
    return this.#isTold
  }

  /** Another replica in quarantine may be asking. What this one forgot is no matter: it has no votes that it could still win with. */
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
