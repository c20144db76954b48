import { NO_BROKER } from '@tailrace/schemas'
import type { RaftStart } from '../config.ts'
import { broken } from '../invariant.ts'
import { RaftLog } from '../log/raft-log.ts'
import type { SnapshotMessage } from '../messages.ts'
import type { InstallRequest } from '../ready.ts'
import { commitTo, type RaftState } from '../state.ts'
import { acknowledge } from './append.ts'
import { followConfiguration } from './followers.ts'

/**
 * A follower is offered a committed state up to (lastIndex, lastTerm) (M50 to M52):
 *
 *   this log effect is committed to lastIndex or further acknowledged, nothing else: applied state is never rolled back
 *   has lastTerm at lastIndex committed to there and acknowledged; later entries stay, nothing is loaded (M51) has
 *   another term there, or ends before the driver is asked to fetch the state, which then replaces the whole log
 *
 * From that request until `installed` or `installFailed` the log is frozen (append.ts), and this replica does not
 * campaign: the fetched log takes the place of this one, so no entry of this one may be acknowledged that the other
 * lacks.
 */
export function acceptOffer(state: RaftState, { from, lastIndex, lastTerm, source }: SnapshotMessage): void {
  const { log, defects } = state
  const matches = log.termAt(lastIndex) === lastTerm && !defects.installOverMatching
  if (lastIndex <= state.commitIndex || matches) {
    commitTo(state, lastIndex)
    acknowledge(state, from, state.commitIndex)
    return
  }
  // The offer under way continues: it is committed state under any later leader. Entries after it are offered then.
  if (state.installing !== null) return
  const request: InstallRequest = { from, lastIndex, lastTerm, source }
  state.installing = request
  state.outbox.install = request
  state.outbox.hasRare = true
  if (defects.acknowledgeBeforeInstall) promiseTooEarly(state, from, lastIndex)
}

/**
 * The fetched log and state are durable and have replaced this log. `start` describes them; its hard state is not
 * looked at, for this replica may have gone on to later terms. They stay valid even if the leader that offered them was
 * deposed (they were committed), but only the present leader, if one is known, is told (M53).
 */
export function finishInstall(state: RaftState, start: RaftStart): void {
  const { installing, commitIndex } = state
  if (installing === null) broken('a log was installed that was not asked for')
  state.installing = null
  const last = Math.min(Math.max(start.commitHint, start.prevIndex), Math.max(start.lastIndex, start.prevIndex))
  if (last < installing.lastIndex) broken(`the installed state ends at ${last}, ${installing.lastIndex} was offered`)
  if (last < commitIndex) broken(`the installed state ends at ${last}, committed to ${commitIndex}`)
  const { durability } = state.log
  state.log = new RaftLog(start, state.options, state.defects, durability)
  durability.replaced(state.log.lastIndex)
  followConfiguration(state)
  state.commitIndex = last
  if (state.role === 'follower' && state.leader !== NO_BROKER) acknowledge(state, state.leader, last)
}

/** The fetch failed or was given up. The log is as it was; the leader's next offer starts again. */
export function abandonInstall(state: RaftState): void {
  state.installing = null
  state.outbox.install = null
}

/** The mistake of acknowledging a state that is still in transfer, for the negative control. */
function promiseTooEarly({ id: from, term, admission, outbox }: RaftState, to: number, matchIndex: number): void {
  const nothing = { rejectedIndex: 0, hintIndex: 0, hintTerm: 0 }
  outbox.now.push({ type: 'append-reply', from, to, term, success: true, matchIndex, ...nothing, admission })
}
