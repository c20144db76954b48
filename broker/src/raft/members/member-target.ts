import type { BrokerId } from '@tailrace/schemas'
import type { Configuration } from '../config.ts'
import { admissionOf, isMember } from './membership.ts'
import { members } from './quorum.ts'

/** The members when a change is done. A demoted voter is named as a learner. */
export interface MemberTarget {
  readonly voters: readonly BrokerId[]
  readonly learners: readonly BrokerId[]
  /** Of members that are no founders; a member that stays keeps the admission that it has. */
  readonly admissions?: Readonly<Record<number, number>>
}

/**
 * The configuration that governs when the target is reached, or null if there is none: it has no voters, or names a
 * broker twice.
 */
export function finalConfiguration(now: Configuration, target: MemberTarget): Configuration | null {
  const { voters, learners } = target
  const all = [...voters, ...learners]
  if (voters.length === 0 || new Set(all).size !== all.length) return null
  if (!all.every((id) => Number.isSafeInteger(id) && id > 0)) return null
  const admissions: Record<number, number> = {}
  for (const id of all) {
    const present = isMember(now, id) ? admissionOf(now, id) : 0
    const admission = target.admissions?.[id] ?? present
    if (!Number.isSafeInteger(admission) || admission < 0) return null
    // The old replica of a broker must be out before the new one comes in, or they would count as one.
    if (isMember(now, id) && admission !== present) return null
    if (admission > 0) admissions[id] = admission
  }
  return withAdmissions({ voters: [...voters], outgoing: [], learners: [...learners] }, admissions)
}

/** The same configuration with the admissions of its members only. */
export function withAdmissions(
  configuration: Configuration,
  admissions: Readonly<Record<number, number>> | undefined,
): Configuration {
  const { voters, outgoing, learners } = configuration
  const kept: Record<number, number> = {}
  for (const id of members(configuration)) if ((admissions?.[id] ?? 0) > 0) kept[id] = admissions![id]!
  return Object.keys(kept).length === 0
    ? { voters, outgoing, learners }
    : { voters, outgoing, learners, admissions: kept }
}

/** Whether both name the same replicas in the same parts, in whatever order. */
export function sameMembers(a: Configuration, b: Configuration): boolean {
  const sameSet = (some: readonly BrokerId[], others: readonly BrokerId[]): boolean =>
    some.length === others.length && some.every((id) => others.includes(id))
  return (
    sameSet(a.voters, b.voters) &&
    sameSet(a.outgoing, b.outgoing) &&
    sameSet(a.learners, b.learners) &&
    members(a).every((id) => admissionOf(a, id) === admissionOf(b, id))
  )
}

/** Voters of `to` that do not vote in `from`. */
export function newVoters(from: Configuration, to: Configuration): BrokerId[] {
  return to.voters.filter((id) => !from.voters.includes(id))
}

/**
 * M63: the majorities of two sets that differ in one voter always share a member, so no joint configuration is needed.
 */
export function differsByOneVoter(from: Configuration, to: Configuration): boolean {
  return newVoters(from, to).length + newVoters(to, from).length <= 1
}

/** M58: while this governs, every decision needs a majority of the new voters and one of the old. */
export function jointConfiguration(from: Configuration, to: Configuration): Configuration {
  const configuration = { voters: to.voters, outgoing: from.voters, learners: to.learners }
  return withAdmissions(configuration, { ...from.admissions, ...to.admissions })
}

/** The new set alone, from the joint one: any leader can finish a change that it finds in its log (M61). */
export function withoutOutgoing({ voters, learners, admissions }: Configuration): Configuration {
  return withAdmissions({ voters, outgoing: [], learners }, admissions)
}

/** M59: the present voters, with all newcomers as learners: they get the log, and do not count yet. */
export function stagingConfiguration(
  from: Configuration,
  newcomers: readonly BrokerId[],
  to: Configuration,
): Configuration {
  const learners = [...new Set([...from.learners, ...newcomers])]
  return withAdmissions({ ...from, learners }, { ...from.admissions, ...to.admissions })
}
