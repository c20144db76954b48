import type { RaftMessage } from './messages.ts'
import type { Outbox } from './outbox.ts'
import type { LostLog, OfferRequest, ReadRequest, Ready } from './ready.ts'
import type { RaftState } from './state.ts'

const NO_MESSAGES: readonly RaftMessage[] = Object.freeze([])
const NO_READS: readonly ReadRequest[] = Object.freeze([])
const NO_OFFERS: readonly OfferRequest[] = Object.freeze([])
const NO_LOST_LOGS: readonly LostLog[] = Object.freeze([])
const NO_ABSURDITIES: readonly string[] = Object.freeze([])

/** Whether the driver has anything to do that it has not been told. */
export function hasNews(state: RaftState): boolean {
  const { outbox, log } = state
  return (
    log.hasWrite ||
    outbox.now.length > 0 ||
    outbox.afterPersist.length > 0 ||
    outbox.reads.length > 0 ||
    outbox.hasRare ||
    outbox.toldCommit !== state.commitIndex ||
    outbox.toldTerm !== state.term ||
    outbox.toldVote !== state.votedFor ||
    outbox.toldRole !== state.role ||
    outbox.toldLeader !== state.leader ||
    outbox.toldConfiguration !== state.configuration ||
    state.membership.changeOutcome !== null ||
    state.membership.transferOutcome !== null
  )
}

/** Everything since the last Ready, which counts as told afterwards. */
export function takeReady(state: RaftState): Ready {
  const { outbox, log, membership } = state
  const { term, votedFor, role, leader, commitIndex } = state
  const number = ++outbox.number
  const hardStateChanged = outbox.toldTerm !== term || outbox.toldVote !== votedFor
  const changed = outbox.toldRole !== role || outbox.toldTerm !== term || outbox.toldLeader !== leader
  const write = log.hasWrite
  const { truncateFrom, append } = log.takeWrite()
  if (write || hardStateChanged) log.durability.issued(number, log.lastIndex, term, votedFor)
  const ready: Ready = {
    number,
    hardState: hardStateChanged ? { term, votedFor } : null,
    truncateFrom,
    append,
    send: outbox.now.length === 0 ? NO_MESSAGES : outbox.now,
    sendAfterPersist: outbox.afterPersist.length === 0 ? NO_MESSAGES : outbox.afterPersist,
    reads: outbox.reads.length === 0 ? NO_READS : outbox.reads,
    offers: outbox.hasRare ? outbox.offers : NO_OFFERS,
    install: outbox.hasRare ? outbox.install : null,
    lostLogs: outbox.hasRare ? outbox.lostLogs : NO_LOST_LOGS,
    lostTail: outbox.hasRare ? outbox.lostTail : null,
    cutTail: outbox.hasRare ? outbox.cutTail : null,
    absurdities: outbox.hasRare ? outbox.absurdities : NO_ABSURDITIES,
    commitIndex,
    configuration: outbox.toldConfiguration === state.configuration ? null : state.configuration,
    memberChange: membership.changeOutcome,
    transfer: membership.transferOutcome,
    change: changed ? { role, term, leader } : null,
  }
  if (outbox.now.length > 0) outbox.now = []
  if (outbox.afterPersist.length > 0) outbox.afterPersist = []
  if (outbox.reads.length > 0) outbox.reads = []
  if (outbox.hasRare) forgetRare(outbox)
  outbox.toldTerm = term
  outbox.toldVote = votedFor
  outbox.toldRole = role
  outbox.toldLeader = leader
  outbox.toldCommit = commitIndex
  outbox.toldConfiguration = state.configuration
  if (membership.changeOutcome !== null) membership.changeOutcome = null
  if (membership.transferOutcome !== null) membership.transferOutcome = null
  return ready
}

function forgetRare(outbox: Outbox): void {
  outbox.hasRare = false
  outbox.offers = []
  outbox.lostLogs = []
  outbox.install = null
  outbox.lostTail = null
  outbox.cutTail = null
  outbox.absurdities = []
}
