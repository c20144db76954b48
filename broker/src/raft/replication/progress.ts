import type { BrokerId, LogIndex } from '@tailrace/schemas'
import type { RaftOptions } from '../config.ts'
import { Inflights } from './inflights.ts'

/**
 * probe: the place where the follower's log matches is not known; one append at a time looks for it.
 * replicate: it is known; appends are pipelined and `next` runs ahead of the acknowledgements.
 * snapshot: the entries that the follower needs are gone here; only heartbeats and offers of a state go to it (M46).
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot'

/**
 * A leader's knowledge of one other member.
 * 1. match < next <= the leader's last index + 1.
 * 2. `match` comes from acknowledgements of this term alone and never falls (M30), unless the follower lost its log
 *    (lost-log.ts).
 * 3. In `replicate`, match + 1..next - 1 is in flight; in `probe` at most one append is, and `paused` tells.
 */
export interface Progress {
  readonly id: BrokerId
  state: ProgressState
  match: LogIndex
  next: LogIndex
  readonly inflights: Inflights
  /** Probe only: an append is out, nothing more goes until it is answered or given up. */
  paused: boolean
  /** Ticket of the read that must come back before anything more is sent, or 0. */
  readTicket: number
  /** The last read failed; the next answer to a heartbeat tries again. */
  readFailed: boolean
  /** Tick of the last reply of this term (M22). */
  heardAt: number
  /** Tick when the newest heartbeat that it has answered was sent (M24). */
  answeredBeat: number
  /** The newest round of reads that it has answered (read-index.ts). */
  answeredRound: number
  /** Tick when the newest heartbeat was sent to which it answered that it sleeps (M86). */
  agreedBeat: number
  /** Tick when something was last acknowledged, or first sent after that: the start of a possible stall. */
  movedAt: number
  /** Tick when `match` last changed. */
  matchedAt: number
  /** Snapshot only: tick when a state was last offered, or asked for. */
  offeredAt: number
  /** Highest commit index that messages in flight, or arrived, tell this follower of. */
  commitTold: LogIndex
  /** Which replica of that broker is meant (Configuration.admissions): answers of another one do not count. */
  readonly admission: number
  /** No member any more; kept until it knows (followers.ts). */
  leaving: boolean
  /**
   * Leaving: tick since which its removal is committed, and since which it has acknowledged the entry that removed it.
   */
  outSince: number | null
  knowsSince: number | null
}

/** A member of which nothing is known: probing starts at the end of the leader's log (M30). */
export function newProgress(
  id: BrokerId,
  lastIndex: LogIndex,
  now: number,
  options: RaftOptions,
  admission: number,
  leaving: boolean,
): Progress {
  return {
    id,
    state: 'probe',
    match: 0,
    next: lastIndex + 1,
    inflights: new Inflights(options.maxInflightAppends, options.maxInflightBytes),
    paused: false,
    readTicket: 0,
    readFailed: false,
    heardAt: now,
    answeredBeat: Number.NEGATIVE_INFINITY,
    answeredRound: 0,
    agreedBeat: Number.NEGATIVE_INFINITY,
    movedAt: now,
    matchedAt: now,
    offeredAt: now,
    commitTold: 0,
    admission,
    leaving,
    outSince: null,
    knowsSince: null,
  }
}

/** Appends in flight no longer count; look for the match again from `next`. */
export function probeFrom(progress: Progress, next: LogIndex, now: number): void {
  progress.state = 'probe'
  progress.next = next
  progress.paused = false
  progress.inflights.reset()
  progress.readTicket = 0
  progress.movedAt = now
  progress.commitTold = Math.min(progress.commitTold, progress.match)
}

/** The match is known: send ahead from there. */
export function replicateFromMatch(progress: Progress): void {
  progress.state = 'replicate'
  progress.next = progress.match + 1
  progress.paused = false
  progress.inflights.reset()
}
