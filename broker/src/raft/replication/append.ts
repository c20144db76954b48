import { type LogIndex, NO_BROKER } from '@tailrace/schemas'
import { absurdityOf, misfitOf, noteAbsurdity } from '../absurdity.ts'
import { broken } from '../invariant.ts'
import { guardTruncation } from '../log/entry-states.ts'
import { noteCutTail, noteLostTail } from '../log/lost-entries.ts'
import { isNamed } from '../members/membership.ts'
import type { AppendMessage, HeartbeatMessage } from '../messages.ts'
import { agreeToSleep } from '../sleep/sleep.ts'
import { armElectionTimer, commitTo, type RaftState } from '../state.ts'
import { becomeFollower } from '../transitions.ts'
import { followConfiguration } from './followers.ts'

/** M28: a message of this term's leader. A replica that was asking for votes in this term follows it. */
export function hearLeader(state: RaftState, leader: number): void {
  if (state.role !== 'follower' || state.leader === NO_BROKER) becomeFollower(state, state.term, leader)
  else if (state.leader !== leader) broken(`term ${state.term} has two leaders, ${state.leader} and ${leader}`)
  state.leaderHeardAt = state.now
  armElectionTimer(state)
}

/** A follower's answer to an append of its leader. */
export function acceptAppend(state: RaftState, message: AppendMessage): void {
  const { log } = state
  const { prevIndex, entries } = message
  const absurdity = absurdityOf(message)
  if (absurdity !== null) {
    noteDropped(state, message, absurdity)
    return
  }
  // Compacted entries were committed, and so they match: only later positions need a look.
  if (prevIndex >= log.prevIndex && !holds(state, message)) {
    if (prevIndex <= state.commitIndex)
      broken(`committed entry ${prevIndex} differs from that of leader ${message.from}`)
    reject(state, message)
    return
  }
  const lastNew = prevIndex + entries.length
  // The log that soon replaces this one must not lack an entry that is acknowledged now. The leader sends the entry
  // again.
  if (state.installing !== null && log.prevIndex < lastNew && log.termAt(lastNew) !== lastTermOf(message)) return
  if (state.defects.blindOverwrite) overwriteBlindly(state, message)
  else if (!appendMissing(state, message)) return
  followConfiguration(state)
  // M34: beyond the last verified entry this log may differ from the leader's, whatever its length.
  commitTo(state, Math.min(message.commit, state.defects.commitUnverified ? log.lastIndex : lastNew))
  acknowledge(state, message.from, lastNew)
}

/** M28: whether this log holds the entry before the append, by index and term. */
function holds({ log, defects }: RaftState, { prevIndex, prevTerm }: AppendMessage): boolean {
  if (defects.consistencyByIndexOnly) return prevIndex <= log.lastIndex
  return log.termAt(prevIndex) === prevTerm
}

/**
 * M34: the leader has already capped the commit index at the entries that it knows this log to share. The answer renews
 * the leader's lease (M24), so it waits until the term is durable: a replica that restarted without the term would take
 * the group for a new one and vote at once.
 *
 * A leader that has an acknowledgement of this term beyond the end of this log proves that the tail was lost: no leader
 * of this term has cut it. The answer, with the present end, is sent all the same: the leader must not count on the
 * lost entries.
 */
export function acceptHeartbeat(state: RaftState, message: HeartbeatMessage): void {
  // A blank replica may be taken for the one that this broker had before, whose log the leader knew (membership.ts).
  if (isNamed(state.configuration, state.id, state.admission)) {
    const acknowledged = Math.max(message.commit, message.acknowledged ?? 0)
    if (acknowledged <= state.log.lastIndex) commitTo(state, message.commit)
    else if (state.defects.lostTailIgnored) commitTo(state, Math.min(message.commit, state.log.lastIndex))
    else noteLostTail(state, message.from, acknowledged)
  }
  const { id: from, term, log, outbox, admission } = state
  const { sentAt, round = 0 } = message
  const queue = log.durability.term === term ? outbox.now : outbox.afterPersist
  const asleep = agreeToSleep(state, message)
  const { lastIndex } = log.durability
  queue.push({ type: 'heartbeat-reply', from, to: message.from, term, lastIndex, sentAt, asleep, admission, round })
}

/**
 * M29: finds the first entry whose term differs from the log's, cuts there, appends the rest. If none differs nothing
 * is cut: a short append that was overtaken must not remove the entries of a longer one, which this replica has
 * acknowledged. Returns false if the rest cannot belong here.
 */
function appendMissing(state: RaftState, message: AppendMessage): boolean {
  const { log } = state
  const { entries } = message
  let i = 0
  while (i < entries.length && entries[i]!.index <= log.prevIndex) i++
  while (i < entries.length && log.termAt(entries[i]!.index) === entries[i]!.term) i++
  if (i === entries.length) return true
  const misfit = misfitOf(state, entries[i]!)
  if (misfit !== null) {
    noteDropped(state, message, misfit)
    return false
  }
  const first = entries[i]!.index
  if (first <= log.lastIndex) {
    guardTruncation(state, first)
    noteCutTail(state, first)
    log.truncateFrom(first)
  }
  for (; i < entries.length; i++) log.append(entries[i]!)
  return true
}

function noteDropped(state: RaftState, { from }: AppendMessage, why: string): void {
  noteAbsurdity(state, `an append of broker ${from} is dropped: ${why}`)
}

function lastTermOf({ prevTerm, entries }: AppendMessage): number {
  return entries.length === 0 ? prevTerm : entries[entries.length - 1]!.term
}

/** The mistake of M29, for the negative control: the entries of the message replace all that follow prevIndex. */
function overwriteBlindly(state: RaftState, { prevIndex, entries }: AppendMessage): void {
  const { log } = state
  if (entries.length > 0 && prevIndex < log.lastIndex && prevIndex >= state.commitIndex) log.truncateFrom(prevIndex + 1)
  for (const entry of entries) if (entry.index === log.lastIndex + 1) log.append(entry)
}

/**
 * M27: even a repeated entry is acknowledged only when it is durable: after the pending writes, unless it is on disk
 * already.
 */
export function acknowledge(state: RaftState, to: number, matchIndex: LogIndex): void {
  const { durability } = state.log
  if (matchIndex > state.acknowledged) state.acknowledged = matchIndex
  const isDurable = matchIndex <= durability.lastIndex && durability.term === state.term
  const queue = isDurable ? state.outbox.now : state.outbox.afterPersist
  const { id: from, term, admission } = state
  queue.push({
    type: 'append-reply',
    from,
    to,
    term,
    success: true,
    matchIndex,
    rejectedIndex: 0,
    hintIndex: 0,
    hintTerm: 0,
    admission,
  })
}

/**
 * M31: says up to where this log could still match: the last entry whose term is at most that of the leader's
 * prevIndex.
 */
function reject(state: RaftState, message: AppendMessage): void {
  const { log, outbox } = state
  const reachable = Math.min(message.prevIndex, log.lastIndex)
  // Committed entries match for certain, so the leader never needs to look before them.
  const hintIndex =
    state.options.termHint === false
      ? log.lastIndex
      : Math.max(log.terms.lastIndexOfTermAtMost(message.prevTerm, reachable), state.commitIndex)
  outbox.now.push({
    type: 'append-reply',
    from: state.id,
    to: message.from,
    term: state.term,
    success: false,
    matchIndex: 0,
    rejectedIndex: message.prevIndex,
    hintIndex,
    hintTerm: log.termAt(hintIndex),
    admission: state.admission,
  })
}
