import type { EntryHeader, LogIndex } from '@tailrace/schemas'
import { broken } from '../invariant.ts'
import type { RaftState } from '../state.ts'
import { type Progress, probeFrom } from './progress.ts'
import { followerEntersSnapshot } from './snapshot-offer.ts'

/**
 * Sends every follower as many entries as its window has room for. Called once per Ready, so that a turn's proposals
 * share appends.
 */
export function flushFollowers(state: RaftState): void {
  state.flushNeeded = false
  for (let i = 0; i < state.followers.length; i++) fillWindow(state, state.followers[i]!)
}

/** Whether `fillWindow` would send something: asked for every acknowledgement, so that idle groups produce no Ready. */
export function hasRoomAndNeed(state: RaftState, progress: Progress): boolean {
  if (progress.next > state.log.lastIndex) return commitIsUntold(state, progress)
  if (progress.readTicket !== 0 || progress.readFailed || progress.state === 'snapshot') return false
  return progress.state === 'probe' ? !progress.paused : !progress.inflights.full
}

/**
 * The link to a peer broke or is new: appends in flight may be lost, so look from the last acknowledged entry (M91).
 */
export function restartFollower(state: RaftState, progress: Progress): void {
  if (progress.state === 'snapshot') return
  probeFrom(progress, resumeAt(state, progress), state.now)
  progress.readFailed = false
  state.flushNeeded = true
}

/**
 * After the last acknowledged entry; where that is gone, at the start of the log: the follower may well have the
 * missing entries.
 */
export function resumeAt({ log }: RaftState, { match }: Progress): LogIndex {
  return Math.max(match, log.prevIndex) + 1
}

/** The driver has read entries that the window no longer holds; an empty answer means that it could not. */
export function sendEntriesRead(state: RaftState, ticket: number, headers: readonly EntryHeader[]): void {
  const progress = state.followers.find((follower) => follower.readTicket === ticket)
  if (progress === undefined) return
  progress.readTicket = 0
  state.flushNeeded = true
  if (headers.length === 0) {
    // Trying again at once could spin on a broken disk; the follower's next heartbeat reply is soon enough.
    progress.readFailed = true
    return
  }
  const first = headers[0]!
  const last = headers[headers.length - 1]!
  // Compacted while it was read: the flush finds that the follower needs a state.
  if (first.index <= state.log.prevIndex) return
  if (state.log.termAt(last.index) !== last.term) broken(`entry ${last.index} was read with term ${last.term}`)
  // The follower may have moved meanwhile: then the flush finds out which entries it needs now.
  if (first.index !== progress.next || progress.paused || progress.inflights.full) return
  let bytes = 0
  for (const header of headers) bytes += header.bytes
  sendAppend(state, progress, headers, bytes)
}

/**
 * After an answer to a heartbeat, as in etcd: where the leader waits for nothing but an acknowledgement, an empty
 * append after the last one sent asks for it. The follower has all before it, and says so, however the earlier answers
 * were lost; or it rejects, and the lost appends are sent again. A member of whose log nothing is known is asked in the
 * same way: in an idle group nothing else would ever be sent there, and it would stay in probe.
 */
export function askAtEnd(state: RaftState, progress: Progress, sentAt: number): void {
  const { log, defects } = state
  if (progress.state === 'probe') {
    if (progress.next > log.lastIndex) sendAppend(state, progress, [], 0)
    return
  }
  // Sent before the heartbeat, and not acknowledged when that was answered: lost, or not on the disk yet.
  const stalls = progress.state === 'replicate' && progress.inflights.count > 0 && sentAt > progress.movedAt
  if (stalls && progress.next > log.prevIndex && !defects.noResend) sendAppend(state, progress, [], 0)
}

function fillWindow(state: RaftState, progress: Progress): void {
  while (progress.next <= state.log.lastIndex && hasRoomAndNeed(state, progress)) {
    if (!sendNext(state, progress)) return
  }
  if (commitIsUntold(state, progress)) sendAppend(state, progress, [], 0)
}

/** Sends one append from `next` on; false if its entries must come from the disk, or are gone. */
function sendNext(state: RaftState, progress: Progress): boolean {
  const { log, options } = state
  if (progress.next >= log.window.firstIndex) {
    const entries = log.window.slice(progress.next, options.maxAppendBytes)
    sendAppend(state, progress, entries, log.window.sliceBytes)
    return true
  }
  if (progress.next <= log.prevIndex) {
    followerEntersSnapshot(state, progress)
    return false
  }
  progress.readTicket = ++state.lastTicket
  const { id: to, next: from, readTicket: ticket } = progress
  state.outbox.reads.push({ ticket, to, from, maxBytes: options.maxAppendBytes })
  return false
}

function sendAppend(state: RaftState, progress: Progress, entries: readonly EntryHeader[], bytes: number): void {
  const { log, commitIndex } = state
  const prevIndex = progress.next - 1
  const last = prevIndex + entries.length
  state.outbox.now.push({
    type: 'append',
    from: state.id,
    to: progress.id,
    term: state.term,
    prevIndex,
    prevTerm: log.termAt(prevIndex),
    entries,
    commit: commitIndex,
  })
  progress.commitTold = Math.max(progress.commitTold, Math.min(commitIndex, last))
  if (entries.length === 0) return
  if (progress.state === 'probe') {
    // `next` stays: a rejection must name the place that was probed.
    progress.paused = true
    progress.movedAt = state.now
    return
  }
  if (progress.inflights.count === 0) progress.movedAt = state.now
  progress.next = last + 1
  progress.inflights.add(last, bytes)
}

/**
 * announceCommit: the follower has all entries, no message in flight can tell it, and it does not know the commit yet.
 */
function commitIsUntold(state: RaftState, progress: Progress): boolean {
  const announces = state.options.announceCommit || progress.leaving
  if (!announces || progress.state !== 'replicate' || progress.inflights.count > 0) return false
  return Math.min(state.commitIndex, progress.match) > progress.commitTold
}
