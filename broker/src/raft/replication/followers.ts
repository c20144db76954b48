import type { BrokerId } from '@tailrace/schemas'
import { admissionOf } from '../members/membership.ts'
import { decidingConfiguration, members } from '../members/quorum.ts'
import type { RaftState } from '../state.ts'
import { newProgress, type Progress } from './progress.ts'

/**
 * The log has changed: its latest configuration governs from now on, whether longer or, after a truncation, shorter
 * (M68, M71).
 */
export function followConfiguration(state: RaftState): void {
  const { latest } = state.log.configurations
  if (latest.configuration === state.configuration) return
  state.configuration = latest.configuration
  state.configurationIndex = latest.index
  state.deciding = decidingConfiguration(latest.configuration, state.id, state.defects)
  if (state.role === 'leader') trackMembers(state)
}

/**
 * Leader: one Progress for every other member. A newcomer begins with nothing, and so does a broker that was admitted
 * anew: the knowledge of its old replica is not true of the new one. A former member is kept until it knows that it is
 * one (dropLeavers), also by a leader that finds the change uncommitted in its log.
 */
export function trackMembers(state: RaftState): void {
  const { configuration, configurationIndex, commitIndex, id, log } = state
  const wanted = members(configuration)
  const { previous } = log.configurations
  const leaving = state.followers.map((progress) => progress.id)
  if (configurationIndex > commitIndex && previous !== undefined) leaving.push(...members(previous))
  const next: Progress[] = []
  for (const member of wanted) {
    if (member !== id) next.push(progressOf(state, member, admissionOf(configuration, member), false))
  }
  for (const member of new Set(leaving)) {
    if (member === id || wanted.includes(member)) continue
    const admission = state.followers.find((progress) => progress.id === member)?.admission
    next.push(progressOf(state, member, admission ?? admissionOf(previous!, member), true))
  }
  state.followers = next
  state.flushNeeded = true
}

/**
 * Leader, at a tick: forgets a former member once that member knows of its removal: it has the committed entry, and has
 * answered a heartbeat that told it so; or once an election timeout has passed since the commit (the broker then learns
 * of the removal from the metadata).
 */
export function dropLeavers(state: RaftState): void {
  const { followers, configurationIndex, commitIndex, now, options } = state
  if (commitIndex < configurationIndex || !followers.some(({ leaving }) => leaving)) return
  state.followers = followers.filter((progress) => {
    if (!progress.leaving) return true
    progress.outSince ??= now
    if (now - progress.outSince >= options.electionTicks) return false
    if (progress.match < configurationIndex) return true
    progress.knowsSince ??= now
    return progress.answeredBeat <= progress.knowsSince
  })
}

function progressOf(state: RaftState, member: BrokerId, admission: number, leaving: boolean): Progress {
  const known = state.followers.find((progress) => progress.id === member && progress.admission === admission)
  if (known === undefined) return newProgress(member, state.log.lastIndex, state.now, state.options, admission, leaving)
  known.leaving = leaving
  known.outSince = null
  known.knowsSince = null
  return known
}
