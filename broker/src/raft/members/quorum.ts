import type { BrokerId, LogIndex } from '@tailrace/schemas'
import type { Configuration } from '../config.ts'
import type { Defects } from '../defects.ts'

export type VoteOutcome = 'won' | 'lost' | 'pending'

/** Whether `id` counts in elections and commits, in the new or the outgoing set. */
export function isVoter(configuration: Configuration, id: BrokerId): boolean {
  return configuration.voters.includes(id) || configuration.outgoing.includes(id)
}

/** Whether `id` is the only voter. */
export function isAlone({ voters, outgoing }: Configuration, id: BrokerId): boolean {
  return voters.length === 1 && voters[0] === id && outgoing.length === 0
}

/** Every member once: voters of both sets, then learners. */
export function members(configuration: Configuration): BrokerId[] {
  return [...new Set([...configuration.voters, ...configuration.outgoing, ...configuration.learners])]
}

/** The highest index that a majority holds, of both sets while a joint change is under way (M60). */
export function quorumIndex(configuration: Configuration, matchOf: (id: BrokerId) => LogIndex): LogIndex {
  const incoming = majorityIndex(configuration.voters, matchOf)
  if (configuration.outgoing.length === 0) return incoming
  return Math.min(incoming, majorityIndex(configuration.outgoing, matchOf))
}

/** Whether a majority (both majorities when joint) satisfies `holds`. */
export function hasQuorum(configuration: Configuration, holds: (id: BrokerId) => boolean): boolean {
  return hasMajority(configuration.voters, holds) && hasMajority(configuration.outgoing, holds)
}

/**
 * won: a quorum said yes; lost: no quorum can say yes any more. `voteOf` is undefined for a voter that has not
 * answered.
 */
export function voteOutcome(configuration: Configuration, voteOf: (id: BrokerId) => boolean | undefined): VoteOutcome {
  if (hasQuorum(configuration, (id) => voteOf(id) === true)) return 'won'
  return hasQuorum(configuration, (id) => voteOf(id) !== false) ? 'pending' : 'lost'
}

function majorityIndex(voters: readonly BrokerId[], matchOf: (id: BrokerId) => LogIndex): LogIndex {
  const count = voters.length
  // Three voters are by far the most common group, and this runs for every acknowledgement.
  if (count === 3) return medianOfThree(matchOf(voters[0]!), matchOf(voters[1]!), matchOf(voters[2]!))
  const matches = new Array<LogIndex>(count)
  for (let i = 0; i < count; i++) matches[i] = matchOf(voters[i]!)
  matches.sort((a, b) => b - a)
  return count === 0 ? 0 : matches[count >> 1]!
}

function medianOfThree(a: LogIndex, b: LogIndex, c: LogIndex): LogIndex {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}

/** An empty set has no vote: it prevents no decision. */
function hasMajority(voters: readonly BrokerId[], holds: (id: BrokerId) => boolean): boolean {
  let count = 0
  for (let i = 0; i < voters.length; i++) if (holds(voters[i]!)) count++
  return voters.length === 0 || count > voters.length >> 1
}

/** Negative controls: the members that count when a rule is switched off. */
export function decidingConfiguration(configuration: Configuration, id: BrokerId, defects: Defects): Configuration {
  if (defects.outgoingIgnored) return { ...configuration, outgoing: [] }
  if (defects.learnersCount) {
    return { ...configuration, voters: [...new Set([...configuration.voters, ...configuration.learners])] }
  }
  if (defects.outsiderCountsItself && !isVoter(configuration, id) && configuration.voters.length > 0) {
    return { ...configuration, voters: [id, ...configuration.voters.slice(1)] }
  }
  return configuration
}
