import type { BrokerId, LogIndex, Term } from '@tailrace/schemas'
import type { Configuration } from './config.ts'
import type { RaftMessage } from './messages.ts'
import type { CutTail, InstallRequest, LostLog, LostTail, OfferRequest, ReadRequest, Role } from './ready.ts'

/**
 * Gathers the work for the driver, and remembers what the driver has been told already.
 *
 * Two queues keep the rule "nothing that promises durability leaves before the fsync" (M5, M25): an acknowledgement, a
 * granted vote and a vote request go to `afterPersist`; messages that promise nothing of this replica's disk go to
 * `now`: appends and heartbeats of a leader ("the leader can write to its disk in parallel with replicating",
 * dissertation §10.2.1), refusals, pre-votes.
 */
export interface Outbox {
  now: RaftMessage[]
  afterPersist: RaftMessage[]
  reads: ReadRequest[]
  /** One of the six fields below is filled: they seldom are, and each turn would else test them one by one. */
  hasRare: boolean
  offers: OfferRequest[]
  install: InstallRequest | null
  lostLogs: LostLog[]
  lostTail: LostTail | null
  cutTail: CutTail | null
  absurdities: string[]
  /** Number of the last Ready. */
  number: number
  toldTerm: Term
  toldVote: BrokerId
  toldRole: Role
  toldLeader: BrokerId
  toldCommit: LogIndex
  toldConfiguration: Configuration
}

export function newOutbox(term: Term, votedFor: BrokerId, leader: BrokerId, configuration: Configuration): Outbox {
  return {
    now: [],
    afterPersist: [],
    reads: [],
    hasRare: false,
    offers: [],
    install: null,
    lostLogs: [],
    lostTail: null,
    cutTail: null,
    absurdities: [],
    number: 0,
    toldTerm: term,
    toldVote: votedFor,
    toldRole: 'follower',
    toldLeader: leader,
    // Below any commit index: the first Ready tells the driver where the group stands.
    toldCommit: -1,
    toldConfiguration: configuration,
  }
}
